import { DnsManagedZoneIamMember } from "@pulumi/gcp/dns/dnsManagedZoneIamMember.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { Key } from "@pulumi/gcp/serviceaccount/key.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import { defaultProofTimeout, firstRotation } from "../../../dns/defaults.ts";
import { defaultDnsRole, isRoleName, roleForms } from "../../../dns/googleCloud/permissions.ts";
import { lastSegment } from "../../../lib/names.ts";
import type { CredentialInventory } from "../../../dns/orphans.ts";
import { refuseUnusableGoogleCloud } from "../../../dns/unusable.ts";
import {
  missing,
  missingText,
  refuseWrongArguments,
  wrongChoice,
  wrongHostName,
  wrongNumber,
} from "../../argumentError.ts";
import { componentTypes, credentialChildren } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import { stackAccess } from "../../stackAccess.ts";
import { noConsumers } from "../consumer.ts";
import type { DnsCredential, ManagedDnsCredential } from "../credential.ts";
import { credentialDeleteHook, credentialHooks, idOnceOrphansAreRemoved } from "../hooks.ts";
import { wrongHosts, type ManagedCredentialArgs } from "../managedCredentialArgs.ts";
import { decoded } from "./key.ts";
import { accountExistsHook, possibleHooks, refusedHook } from "./obstacles.ts";
import { zoneUse } from "./zoneUse.ts";

/** Arguments of {@link GcpDnsCredential}. */
export interface GcpDnsCredentialArgs extends ManagedCredentialArgs {
  /** Id of the project with the managed zone, in which the service account is created. */
  readonly project: pulumi.Input<string>;
  /** Name of the managed zone. */
  readonly managedZone: pulumi.Input<string>;
  /**
   * The resource of the grant: only the managed zone, or the project with all its zones. A plain value, since it determines
   * the type of the resource. Default `zone`.
   */
  readonly grant?: "zone" | "project" | undefined;
  /**
   * The granted role, predefined or custom (`roles/…`, `projects/…/roles/…`, `organizations/…/roles/…`). It must have the
   * permissions for lego and the proof (dns/googleCloud/permissions.ts). Default `roles/dns.admin`, which includes the
   * permission to delete the zone.
   */
  readonly role?: pulumi.Input<string> | undefined;
}

/**
 * A Google service account with write access to Cloud DNS, and its key.
 *
 * @example
 * new GcpDnsCredential("dns", {
 *   cluster,
 *   consumers: [providerConsumer({ dnsProvider: "googleCloud" })],
 *   domain: "example.com",
 *   project: "my-project",
 *   managedZone: "example-com",
 * });
 */
export class GcpDnsCredential extends pulumi.ComponentResource implements DnsCredential {
  readonly dnsProvider = "googleCloud";
  /** Random part of the service account's name, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** E-mail address of the service account. */
  readonly email: pulumi.Output<string>;
  /** Name of the key: `projects/…/serviceAccounts/…/keys/<id>`. */
  readonly keyName: pulumi.Output<string>;
  /** Creation time of the key, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** Expiry time of the key, in RFC 3339 form; in the year 9999 for a key that does not expire. */
  readonly expiresAt: pulumi.Output<string>;
  /** The key file's JSON, a secret. */
  readonly keyFile: pulumi.Output<string>;
  /** The key file's JSON, a secret. */
  readonly content: pulumi.Output<string>;
  readonly environment: DnsCredential["environment"];
  readonly managedZone: DnsCredential["managedZone"];
  readonly prove: DnsCredential["prove"];
  readonly managed: ManagedDnsCredential;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link GcpDnsCredentialArgs}
   * @param opts options of the component
   * @throws ArgumentError when an argument is wrong
   */
  constructor(name: string, args: GcpDnsCredentialArgs, opts?: pulumi.ComponentResourceOptions) {
    const { project, domain, consumers, proofTimeout = defaultProofTimeout } = args;
    const { access = stackAccess() } = args;
    refuseWrongArguments(`GcpDnsCredential "${name}"`, {
      cluster: missing(args.cluster),
      domain: wrongHostName(domain),
      ...wrongHosts(args),
      project: missingText(project),
      managedZone: missingText(args.managedZone),
      grant: wrongChoice(args.grant, ["zone", "project"]),
      role: wrongRole(args.role),
      proofTimeout: wrongNumber(proofTimeout),
      consumers: noConsumers(consumers, "key"),
    });
    refuseUnusableGoogleCloud(access.googleCloud);
    super(componentTypes.googleCloud, name, {}, opts);
    const children = credentialChildren(name);
    const madeBy = `stack ${pulumi.getStack()} of ${pulumi.getProject()}`;

    // Stacks may share a project.
    const suffix = new RandomId(children.suffix, { byteLength: 4 }, { parent: this });

    const possible = possibleHooks(name, args, access.googleCloud);
    const refused = refusedHook(name, project, access.googleCloud);

    const account = new Account(
      children.account,
      {
        project,
        accountId: pulumi.interpolate`akash-dns-${suffix.hex}`,
        displayName: `Akash provider DNS-01 (${pulumi.getStack()})`,
        // A run that was killed before Google's answer leaves the account, under an id that is unique to the stack.
        createIgnoreAlreadyExists: true,
        description: `Answers ACME challenges for an Akash provider. Made by Pulumi, ${madeBy}, which removes keys that it does not know`,
      },
      { parent: this, hooks: { beforeCreate: [possible.account], onError: [refused] } },
    );

    const grant = this.grantRole(children.grant, args, account.member, {
      beforeCreate: [possible.grant],
      onError: [refused],
    });

    const inventory = async (): Promise<CredentialInventory> => {
      const { serviceAccountKeys } = await import("../../../dns/googleCloud/keys.ts");
      return serviceAccountKeys(await resolved(account.email), access.googleCloud);
    };
    const there = accountExistsHook(name, children.suffix, access.googleCloud);
    const { beforeCreate = [], ...rotating } = credentialHooks(
      name,
      args,
      inventory,
      args.deleteHook ?? credentialDeleteHook(name, args),
      possible.key,
    );
    const key = new Key(
      children.key,
      { serviceAccountId: account.name },
      {
        parent: this,
        // Without the grant, the key would be stored before it has any permissions.
        dependsOn: [grant],
        replacementTrigger: args.rotation ?? firstRotation,
        hooks: { ...rotating, beforeCreate: [there, ...beforeCreate], onError: [refused] },
      },
    );

    this.suffix = suffix.hex;
    this.email = account.email;
    this.keyName = key.name;
    this.createdAt = key.validAfter;
    this.expiresAt = key.validBefore;
    this.keyFile = pulumi.secret(key.privateKey.apply(decoded));
    this.content = this.keyFile;
    const { environment, managedZone, prove } = zoneUse({
      domain,
      hosts: args.hosts,
      project,
      managedZone: args.managedZone,
      proofTimeout,
      access,
    });
    this.environment = environment;
    this.managedZone = managedZone;
    this.prove = prove;
    this.managed = {
      id: idOnceOrphansAreRemoved(this.keyName.apply(lastSegment), args, inventory),
      suffix: this.suffix,
      createdAt: this.createdAt,
      expiresAt: this.expiresAt,
      consumers,
      urnPattern: `**::${children.key}`,
    };
    this.registerOutputs({
      suffix: this.suffix,
      email: this.email,
      keyName: this.keyName,
      createdAt: this.createdAt,
      expiresAt: this.expiresAt,
      keyFile: this.keyFile,
    });
  }

  /**
   * `roles/dns.admin` is the smallest predefined role with lego's permissions: to change and read record sets and to read
   * the zone. A grant on one managed zone does not include other zones. It is additive and keeps all other grants.
   */
  private grantRole(
    name: string,
    { project, managedZone, grant = "zone", role = defaultDnsRole }: GcpDnsCredentialArgs,
    member: pulumi.Output<string>,
    hooks: pulumi.ResourceHookBinding,
  ): pulumi.Resource {
    const options = { parent: this, hooks };
    switch (grant) {
      case "zone":
        return new DnsManagedZoneIamMember(name, { project, managedZone, role, member }, options);
      case "project":
        return new IAMMember(name, { project, role, member }, options);
    }
  }
}

/** The problem of a role in plain text. */
function wrongRole(role: unknown): string | undefined {
  return typeof role !== "string" || isRoleName(role)
    ? undefined
    : `is ${JSON.stringify(role)}, which has none of the forms ${roleForms}`;
}
