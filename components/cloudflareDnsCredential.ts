import { AccountToken } from "@pulumi/cloudflare/accountToken.js";
import { ApiToken } from "@pulumi/cloudflare/apiToken.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";

/** Arguments of {@link CloudflareDnsCredential}. */
export interface CloudflareDnsCredentialArgs {
  /** The host that the certificate is for; part of the token's name. */
  readonly host: string;
  /** Id of the zone that the token may write to. */
  readonly zoneId: string;
  /** Ids of the permission groups that the token gets. */
  readonly permissionGroupIds: readonly string[];
  /** Id of the account that owns the token. Default: the token belongs to the user who runs Pulumi. */
  readonly accountId?: string | undefined;
  /** Last moment of the token's life, in RFC 3339 form. Default: none. */
  readonly expiresOn?: string | undefined;
  /** IP ranges (CIDR) that may use the token. Default: any. */
  readonly allowedIps?: readonly string[] | undefined;
  /** Any text; the token is replaced when it changes. */
  readonly rotation: string;
  /** Hooks of the token. Default: none. */
  readonly hooks?: pulumi.ResourceHookBinding;
  /** Whether a `beforeDelete` hook deletes the token, instead of the plugin. Default `false`. */
  readonly deletedByHook?: boolean;
}

/**
 * A Cloudflare API token for one zone.
 *
 * @example
 * new CloudflareDnsCredential("dns", { host: "provider.example.com", zoneId, permissionGroupIds, rotation: "2026-11" });
 */
export class CloudflareDnsCredential extends pulumi.ComponentResource {
  /** Random part of the token's name, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** Name of the token, which no other stack's has. */
  readonly tokenName: pulumi.Output<string>;
  /** Id of the token. */
  readonly tokenId: pulumi.Output<string>;
  /** When the token was made, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** When the token ends, in RFC 3339 form, if it does. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** The token, a secret. */
  readonly token: pulumi.Output<string>;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link CloudflareDnsCredentialArgs}
   * @param opts options of the component
   */
  constructor(
    name: string,
    args: CloudflareDnsCredentialArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("akash:dns:CloudflareDnsCredential", name, {}, opts);
    const { zoneId, accountId, allowedIps, expiresOn } = args;
    // Names need not be unique at Cloudflare, but by its name the stack recognises a token of its own that got lost.
    const suffix = new RandomId(`${name}-suffix`, { byteLength: 4 }, { parent: this });
    this.suffix = suffix.hex;
    this.tokenName = pulumi.interpolate`Akash provider DNS-01 for ${args.host} (stack ${pulumi.getStack()}, ${suffix.hex})`;

    const token = {
      name: this.tokenName,
      policies: [
        {
          effect: "allow",
          permissionGroups: args.permissionGroupIds.map((id) => ({ id })),
          resources: JSON.stringify({ [`com.cloudflare.api.account.zone.${zoneId}`]: "*" }),
        },
      ],
      ...(expiresOn !== undefined && { expiresOn }),
      ...(allowedIps !== undefined && { condition: { requestIp: { ins: [...allowedIps] } } }),
    };
    const options = {
      parent: this,
      retainOnDelete: args.deletedByHook ?? false,
      replacementTrigger: args.rotation,
      ...(args.hooks && { hooks: args.hooks }),
    };
    const made =
      accountId === undefined
        ? new ApiToken(`${name}-token`, token, options)
        : new AccountToken(`${name}-token`, { ...token, accountId }, options);

    this.tokenId = made.id;
    this.createdAt = made.issuedOn;
    // From the argument: an output that the cloud leaves out is unknown in a preview.
    this.expiresAt = pulumi.output(expiresOn);
    this.token = pulumi.secret(made.value);
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
