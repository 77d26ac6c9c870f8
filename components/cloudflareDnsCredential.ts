import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link CloudflareDnsCredential}. */
export interface CloudflareDnsCredentialArgs {
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
}

/**
 * A Cloudflare API token for one zone.
 *
 * @example
 * new CloudflareDnsCredential("dns", { zoneId, permissionGroupIds });
 */
export class CloudflareDnsCredential extends pulumi.ComponentResource {
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
    const token = {
      name: `Akash provider DNS-01 (${pulumi.getProject()}/${pulumi.getStack()})`,
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
    const options = { parent: this };
    const made =
      accountId === undefined
        ? new cloudflare.ApiToken(`${name}-token`, token, options)
        : new cloudflare.AccountToken(`${name}-token`, { ...token, accountId }, options);

    this.token = pulumi.secret(made.value);
    this.registerOutputs({ token: this.token });
  }
}
