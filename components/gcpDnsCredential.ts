import { DnsManagedZoneIamMember } from "@pulumi/gcp/dns/dnsManagedZoneIamMember.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import { Key } from "@pulumi/gcp/serviceaccount/key.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";

/** Arguments of {@link GcpDnsCredential}. */
export interface GcpDnsCredentialArgs {
  /** Id of the project that has the managed zone; the service account is made in it. */
  readonly project: string;
  /** Name of the managed zone. */
  readonly managedZone: string;
  /** Where `roles/dns.admin` is granted: on the managed zone alone, or on the project with all its zones. */
  readonly grant: "zone" | "project";
  /** Any text; the key is replaced when it changes. */
  readonly rotation: string;
  /** Hooks of the key. Default: none. */
  readonly hooks?: pulumi.ResourceHookBinding;
}

/**
 * A Google service account that may write to Cloud DNS, and a key for it.
 *
 * @example
 * new GcpDnsCredential("dns", { project: "my-project", managedZone: "example-com", grant: "zone", rotation: "2026-11" });
 */
export class GcpDnsCredential extends pulumi.ComponentResource {
  /** Random part of the service account's name, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** E-mail address of the service account. */
  readonly email: pulumi.Output<string>;
  /** Name of the key: `projects/…/serviceAccounts/…/keys/<id>`. */
  readonly keyName: pulumi.Output<string>;
  /** When the key was made, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** When the key ends, in RFC 3339 form; in the year 9999 when it does not. */
  readonly expiresAt: pulumi.Output<string>;
  /** The key file's JSON, a secret. */
  readonly keyFile: pulumi.Output<string>;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link GcpDnsCredentialArgs}
   * @param opts options of the component
   */
  constructor(name: string, args: GcpDnsCredentialArgs, opts?: pulumi.ComponentResourceOptions) {
    super("akash:dns:GcpDnsCredential", name, {}, opts);
    const { project } = args;
    const madeBy = `stack ${pulumi.getStack()} of ${pulumi.getProject()}`;

    // The id of a deleted account stays blocked for 30 days, and stacks may share a project.
    const suffix = new RandomId(`${name}-suffix`, { byteLength: 4 }, { parent: this });

    const account = new Account(
      `${name}-account`,
      {
        project,
        accountId: pulumi.interpolate`akash-dns-${suffix.hex}`,
        displayName: `Akash provider DNS-01 (${pulumi.getStack()})`,
        // A run that was killed before Google's answer came leaves the account, under an id that is this stack's alone.
        createIgnoreAlreadyExists: true,
        description: `Answers ACME challenges for an Akash provider. Made by Pulumi, ${madeBy}, which removes keys that it does not know`,
      },
      { parent: this },
    );

    const grant = this.grantDnsAdmin(name, args, account.member);

    const key = new Key(
      `${name}-key`,
      { serviceAccountId: account.name },
      {
        parent: this,
        // Without the grant the key would be stored before it can do anything.
        dependsOn: [grant],
        replacementTrigger: args.rotation,
        ...(args.hooks && { hooks: args.hooks }),
      },
    );

    this.suffix = suffix.hex;
    this.email = account.email;
    this.keyName = key.name;
    this.createdAt = key.validAfter;
    this.expiresAt = key.validBefore;
    this.keyFile = pulumi.secret(
      key.privateKey.apply((encoded) => Buffer.from(encoded, "base64").toString("utf8")),
    );
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
   * `roles/dns.admin` is the smallest predefined role that may change record sets (dns.changes.create,
   * dns.resourceRecordSets.create and .delete) and read them and the zone, which is what lego calls. On one managed
   * zone it does not reach any other. Additive: what others have granted there stays.
   */
  private grantDnsAdmin(
    name: string,
    { project, managedZone, grant }: GcpDnsCredentialArgs,
    member: pulumi.Output<string>,
  ): pulumi.Resource {
    const role = "roles/dns.admin";
    switch (grant) {
      case "zone":
        return new DnsManagedZoneIamMember(
          `${name}-grant`,
          { project, managedZone, role, member },
          { parent: this },
        );
      case "project":
        return new IAMMember(`${name}-grant`, { project, role, member }, { parent: this });
    }
  }
}
