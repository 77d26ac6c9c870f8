import { AccountToken } from "@pulumi/cloudflare/accountToken.js";
import { ApiToken } from "@pulumi/cloudflare/apiToken.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import { providerHost } from "../../../chart/release.ts";
import { defaultProofTimeout, firstRotation } from "../../../dns/defaults.ts";
import type { CredentialInventory } from "../../../dns/orphans.ts";
import { refuseUnusableCloudflare } from "../../../dns/unusable.ts";
import { zoneContains } from "../../../dns/zone.ts";
import { dnsName } from "../../../lib/dnsName.ts";
import {
  missing,
  missingText,
  refuseWrongArguments,
  wrongHostName,
  wrongNumber,
} from "../../argumentError.ts";
import { componentTypes, credentialChildren } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import { stackAccess } from "../../stackAccess.ts";
import { noConsumers } from "../consumer.ts";
import type { DnsCredential, ManagedDnsCredential } from "../credential.ts";
import {
  credentialDeleteHook,
  credentialHooks,
  idOnceOrphansAreRemoved,
  possibleHook,
} from "../hooks.ts";
import {
  challengeHosts,
  wrongHosts,
  type ManagedCredentialArgs,
} from "../managedCredentialArgs.ts";
import { refusedHook, refuseObstacles } from "./obstacles.ts";
import { findPermissionGroups } from "./permissionGroups.ts";
import { zoneUse } from "./zoneUse.ts";

/** Arguments of {@link CloudflareDnsCredential}. */
export interface CloudflareDnsCredentialArgs extends ManagedCredentialArgs {
  /** Name of the zone, such as `example.com`. A plain value, since the proof's hook finds the zone by name, as lego does. */
  readonly zone: string;
  /** Id of the zone to which the token grants access. */
  readonly zoneId: pulumi.Input<string>;
  /** Ids of the token's permission groups. Default: the ids of `Zone Read` and `DNS Write`, looked up. */
  readonly permissionGroupIds?: pulumi.Input<readonly string[]> | undefined;
  /**
   * Id of the account that owns the token. A plain value, since it determines the type of the resource. Default: the token
   * belongs to the user who runs Pulumi.
   */
  readonly accountId?: string | undefined;
  /** Expiry time of the token, in RFC 3339 form. Default: none. */
  readonly expiresOn?: pulumi.Input<string> | undefined;
  /** IP ranges (CIDR) that may use the token. Default: any. */
  readonly allowedIps?: pulumi.Input<readonly string[]> | undefined;
}

/**
 * A Cloudflare API token for one zone.
 *
 * @example
 * new CloudflareDnsCredential("dns", {
 *   cluster,
 *   consumers: [providerConsumer({ dnsProvider: "cloudflare" })],
 *   domain: "example.com",
 *   zone: "example.com",
 *   zoneId: zone.id,
 * });
 */
export class CloudflareDnsCredential extends pulumi.ComponentResource implements DnsCredential {
  readonly dnsProvider = "cloudflare";
  /** Random part of the token's name, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** Name of the token, unique to the stack. */
  readonly tokenName: pulumi.Output<string>;
  /** Id of the token. */
  readonly tokenId: pulumi.Output<string>;
  /** Creation time of the token, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** Expiry time of the token, in RFC 3339 form, if it expires. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** The token, a secret. */
  readonly token: pulumi.Output<string>;
  /** The token, a secret. */
  readonly content: pulumi.Output<string>;
  readonly environment: DnsCredential["environment"];
  readonly prove: DnsCredential["prove"];
  readonly managed: ManagedDnsCredential;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link CloudflareDnsCredentialArgs}
   * @param opts options of the component
   * @throws ArgumentError when an argument is wrong
   */
  constructor(
    name: string,
    args: CloudflareDnsCredentialArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { accountId, allowedIps, consumers, domain, expiresOn, zone } = args;
    const { access = stackAccess(), proofTimeout = defaultProofTimeout } = args;
    const host = providerHost(domain);
    const wrongNames = { domain: wrongHostName(domain), ...wrongHosts(args) };
    const areNames = Object.values(wrongNames).every((problem) => problem === undefined);
    const hosts = areNames ? challengeHosts(args) : [];
    const holdsAll = () => {
      const outside = hosts.find((one) => !zoneContains(zone, one));
      return outside === undefined ? undefined : `cannot hold ${outside}`;
    };
    refuseWrongArguments(`CloudflareDnsCredential "${name}"`, {
      cluster: missing(args.cluster),
      ...wrongNames,
      zone: wrongHostName(zone) ?? holdsAll(),
      zoneId: missingText(args.zoneId),
      proofTimeout: wrongNumber(proofTimeout),
      consumers: noConsumers(consumers, "token"),
    });
    refuseUnusableCloudflare(access.cloudflare);
    super(componentTypes.cloudflare, name, {}, opts);
    const children = credentialChildren(name);
    // Cloudflare requires no unique names, but the name identifies the stack's orphans.
    const suffix = new RandomId(children.suffix, { byteLength: 4 }, { parent: this });
    this.suffix = suffix.hex;
    this.tokenName = pulumi.interpolate`Akash provider DNS-01 for ${dnsName(host)} (stack ${pulumi.getStack()}, ${suffix.hex})`;

    const groups = pulumi.output(
      args.permissionGroupIds ?? findPermissionGroups(accountId, { parent: this }),
    );
    const token = {
      name: this.tokenName,
      policies: [
        {
          effect: "allow",
          permissionGroups: groups.apply((ids) => ids.map((id) => ({ id }))),
          resources: pulumi
            .output(args.zoneId)
            .apply((id) => JSON.stringify({ [`com.cloudflare.api.account.zone.${id}`]: "*" })),
        },
      ],
      ...(expiresOn !== undefined && { expiresOn }),
      ...(allowedIps !== undefined && {
        condition: { requestIp: { ins: pulumi.output(allowedIps).apply((ips) => [...ips]) } },
      }),
    };
    const inventory = async (): Promise<CredentialInventory> => {
      const { apiTokens } = await import("../../../dns/cloudflare/tokens.ts");
      return apiTokens(await resolved(this.tokenName), accountId, access.cloudflare);
    };
    const options = {
      parent: this,
      // The delete hook deletes the token, instead of the plugin (cloudflare/token.ts).
      retainOnDelete: true,
      replacementTrigger: args.rotation ?? firstRotation,
      hooks: {
        ...credentialHooks(
          name,
          args,
          inventory,
          args.deleteHook ?? credentialDeleteHook(name, args),
          possibleHook(`${name}-credential`, args, () =>
            refuseObstacles(accountId, access.cloudflare),
          ),
        ),
        onError: [refusedHook(name, accountId)],
      },
    };
    const managed =
      accountId === undefined
        ? new ApiToken(children.token, token, options)
        : new AccountToken(children.token, { ...token, accountId }, options);

    this.tokenId = managed.id;
    this.createdAt = managed.issuedOn;
    // From the argument, since an output that Cloudflare omits is unknown in a preview.
    this.expiresAt = pulumi.output(expiresOn);
    this.token = pulumi.secret(managed.value);
    this.content = this.token;
    const { environment, prove } = zoneUse({ domain, hosts, zone, proofTimeout, access });
    this.environment = environment;
    this.prove = prove;
    this.managed = {
      id: idOnceOrphansAreRemoved(this.tokenId, args, inventory),
      suffix: this.suffix,
      createdAt: this.createdAt,
      expiresAt: this.expiresAt,
      consumers,
      urnPattern: `**::${children.token}`,
    };
    this.registerOutputs({
      suffix: this.suffix,
      tokenName: this.tokenName,
      tokenId: this.tokenId,
      createdAt: this.createdAt,
      expiresAt: this.expiresAt,
      token: this.token,
    });
  }
}
