import * as pulumi from "@pulumi/pulumi";
import type { CloudAccess } from "../../../dns/access.ts";
import { dnsName } from "../../../lib/dnsName.ts";
import { resolved } from "../../resolved.ts";
import type { DnsCredential } from "../credential.ts";
import { challengeHosts } from "../managedCredentialArgs.ts";

/** A managed zone and the provider that uses it. */
export interface ZoneUseArgs {
  readonly domain: string;
  /** See {@link challengeHosts}. Default: only `provider.<domain>`. */
  readonly hosts?: readonly string[] | undefined;
  readonly project: pulumi.Input<string>;
  readonly managedZone: pulumi.Input<string>;
  /** In seconds. */
  readonly proofTimeout: number;
  readonly access: CloudAccess;
}

/** The use of a Google credential, created or provided, with a managed zone. */
export function zoneUse({
  domain,
  hosts,
  project,
  managedZone,
  proofTimeout,
  access,
}: ZoneUseArgs): Pick<DnsCredential, "environment" | "managedZone" | "prove"> {
  return {
    managedZone: { project, name: managedZone },
    // With the zone's name, lego reads only that zone, so that a grant on the zone suffices. Without the name, lego lists
    // the project's zones (go-acme/lego, providers/dns/gcloud/googlecloud.go).
    environment: { GCE_PROJECT: project, GCE_ZONE_ID: managedZone },
    // The vendor's client is slow to load, and a preview does not need it.
    prove: async (content) => {
      const { delegationProof } = await import("../../../dns/delegationProof.ts");
      const [host = domain, ...others] = challengeHosts({ domain, hosts });
      const { proveGoogleCloudKey } = await import("../../../dns/googleCloud/proof.ts");
      await proveGoogleCloudKey(content, {
        host,
        domain: dnsName(domain),
        timeout: proofTimeout,
        compare: delegationProof(host, ...others),
        project: await resolved(pulumi.output(project)),
        zone: await resolved(pulumi.output(managedZone)),
        endpoint: access.googleCloud.dnsEndpoint,
      });
    },
  };
}
