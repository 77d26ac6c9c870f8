import { z } from "zod";
import { wildcardCertificate } from "../chart/gateway.ts";
import type { DnsProvider } from "../chart/release.ts";
import { resourceTypes } from "../components/names.ts";
import { credentialAnnotations } from "../components/dnsCredential/annotations.ts";
import {
  certManagerApi,
  ingressCredentialSecret,
} from "../components/ingressCertificate/certManager.ts";
import type { StateResource } from "./stackState.ts";

/** A stack's expectations of its wildcard certificate (docs/wildcard.md). */
export interface WildcardExpectation {
  readonly namespace: string;
  /** Name of cert-manager's Certificate. */
  readonly certificate: string;
  /** Name of the Secret that contains the certificate. */
  readonly secretName: string;
  readonly dnsNames: readonly string[];
  /** Name of cert-manager's Issuer. */
  readonly issuer: string;
  /** The Secret with the DNS credential. */
  readonly credential: {
    readonly dnsProvider: DnsProvider;
    readonly name: string;
    readonly key: string;
    /** The digest of the content; undefined if the state does not contain it. */
    readonly digest: string | undefined;
    /** The Google project and managed zone in the Issuer. */
    readonly managedZone: { readonly project: string; readonly zone: string } | undefined;
  };
}

const certificateType = `kubernetes:${certManagerApi.group}/${certManagerApi.version}:Certificate`;
const issuerType = `kubernetes:${certManagerApi.group}/${certManagerApi.version}:Issuer`;

const certificateInputs = z.object({
  metadata: z.object({ name: z.literal(wildcardCertificate), namespace: z.string() }),
  spec: z.object({
    secretName: z.string(),
    dnsNames: z.array(z.string()),
    issuerRef: z.object({ name: z.string() }),
  }),
});
const secretInputs = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.unknown()).default({}),
  }),
});
const issuerInputs = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    acme: z.object({
      solvers: z.tuple([
        z.object({
          dns01: z.object({
            cloudDNS: z.object({ project: z.string(), hostedZoneName: z.string() }),
          }),
        }),
      ]),
    }),
  }),
});
const text = z.string().optional().catch(undefined);

/** The expectations of the wildcard certificate in a stack's resources; undefined if the stack has none. */
export function wildcardExpectation(
  resources: readonly StateResource[],
): WildcardExpectation | undefined {
  const [certificate] = resources
    .filter(({ type }) => type === certificateType)
    .flatMap(({ inputs }) => certificateInputs.safeParse(inputs).data ?? []);
  const secrets = resources
    .filter(({ type }) => type === resourceTypes.secret)
    .flatMap(({ inputs }) => secretInputs.safeParse(inputs).data?.metadata ?? []);
  if (certificate === undefined) {
    return undefined;
  }
  const { metadata, spec } = certificate;
  const issuer = resources
    .filter(({ type }) => type === issuerType)
    .flatMap(({ inputs }) => issuerInputs.safeParse(inputs).data ?? [])
    .find((one) => one.metadata.name === spec.issuerRef.name);
  const cloudDns = issuer?.spec.acme.solvers[0].dns01.cloudDNS;
  const [credential] = (["googleCloud", "cloudflare"] as const).flatMap((dnsProvider) => {
    const { name, key } = ingressCredentialSecret[dnsProvider];
    const secret = secrets.find((one) => one.name === name && one.namespace === metadata.namespace);
    return secret === undefined
      ? []
      : [
          {
            dnsProvider,
            name,
            key,
            digest: text.parse(secret.annotations[credentialAnnotations.digest]),
            managedZone: cloudDns && { project: cloudDns.project, zone: cloudDns.hostedZoneName },
          },
        ];
  });
  // A run creates the Secret before the Certificate, and deletes it after the Certificate.
  return (
    credential && {
      namespace: metadata.namespace,
      certificate: metadata.name,
      secretName: spec.secretName,
      dnsNames: spec.dnsNames,
      issuer: spec.issuerRef.name,
      credential,
    }
  );
}
