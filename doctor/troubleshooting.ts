import {
  defaultGatewayNamespace,
  defaultWildcardSecret,
  wildcardCertificate,
  wildcardName,
} from "../chart/gateway.ts";
import {
  defaultNamespace,
  defaultReleaseName,
  providerHost,
  releaseNames,
} from "../chart/release.ts";
import {
  ingressCredentialSecret,
  issuerName,
} from "../components/ingressCertificate/certManager.ts";
import { kubectl } from "../lib/clusterCommand.ts";
import { repairCheckpoint } from "../lib/pulumi.ts";
import { checks, unfinishedChecks } from "./checks/index.ts";
import type { Expectation } from "./expectation.ts";
import { shell } from "../lib/shell.ts";

/** A symptom that an operator sees, and its remedy. */
export interface Trouble {
  readonly sign: string;
  /** The meaning of the symptom, or why it matters. */
  readonly meaning: string;
  readonly remedy: string;
}

/** A stack with the defaults, for the commands in docs/troubleshooting.md. */
const http01: Expectation = {
  stack: "prod",
  namespace: defaultNamespace,
  releaseName: defaultReleaseName,
  names: releaseNames(defaultReleaseName),
  timeout: 600,
  revision: undefined,
  kubeContext: undefined,
  kubeconfig: undefined,
  host: providerHost("example.com"),
  domain: "example.com",
  email: "you@example.com",
  directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
  challenge: { type: "http-01" },
  walletDigest: "0".repeat(16),
  created: undefined,
  wildcard: undefined,
};

/** Errors of Pulumi, Helm and this program outside of the doctor. */
const messages: readonly Trouble[] = [
  {
    sign: "`The configuration of stack … has … problems`",
    meaning: "Nothing was changed.",
    remedy: "Each line has the command that fixes the problem.",
  },
  {
    sign: "`chart … would not give the provider its certificate`",
    meaning:
      "The chart's version does not fit the repairs, or `values` undoes one. The message names the reason. Nothing was applied.",
    remedy: "Use a chart version that the repairs support (docs/architecture.md).",
  },
  {
    sign: "`… finished with status: failed … timed out`",
    meaning:
      "The pod did not become ready within `timeout` seconds. Helm rolled back to the previous revision.",
    remedy: `\`${kubectl(http01, shell`describe pod ${http01.names.pod}`)}\`, then \`pulumi up -s prod\` again.`,
  },
  {
    sign: "`… invalid ownership metadata` or a conflict of field managers",
    meaning: "The namespace already contains such objects, created by another tool.",
    remedy: "`npm run adopt` takes over a provider that was deployed with Helm.",
  },
  {
    sign: "`cannot re-use a name that is still in use`",
    meaning: "A release of that name exists that the stack does not know.",
    remedy:
      "`npm run adopt -- provider.yaml -s prod`; without the file if the stack deployed the release and has lost its state.",
  },
  {
    sign: "`the stack is currently locked`",
    meaning: "Another Pulumi process is running on the stack, or was killed.",
    remedy:
      "If no other process is running: `pulumi cancel prod`, then `pulumi up -s prod`, which completes the interrupted run.",
  },
  {
    sign: "`failed to load checkpoint`, and `EOF` or `unexpected end of JSON input`",
    meaning:
      "With a file backend: the file with the stack's state, or the file `.attrs` beside it, is empty or truncated, since a run was killed during the write, or the disk is full. The copy in the same folder, `prod.json.bak`, is the state one step earlier; the attributes are not needed.",
    remedy: `Do not create the stack again, which would replace its state with an empty one. If the disk is full, free space; then \`${repairCheckpoint("prod")}\``,
  },
  {
    sign: "`updates to statefulset spec for fields other than … are forbidden`",
    meaning:
      "The storage class or size of the home volume has changed, which Kubernetes does not support in place.",
    remedy: `\`${kubectl(http01, shell`delete statefulset ${http01.names.fullname} --cascade=orphan`)}\`, then \`pulumi up -s prod\`; the volume is kept.`,
  },
];

/** The same stack with DNS-01 and a wildcard certificate, for the checks that do not apply otherwise. */
const dns01: Expectation = {
  ...http01,
  challenge: {
    type: "dns-01",
    dnsProvider: "googleCloud",
    credentialDigest: "0".repeat(16),
    environment: { GCE_PROJECT: "my-project", GCE_ZONE_ID: "example-com" },
  },
  created: {
    id: undefined,
    owner: "ACCOUNT",
    accountId: undefined,
    createdAt: undefined,
    expiresAt: undefined,
    rotateBy: undefined,
    wholeProject: false,
  },
  wildcard: {
    namespace: defaultGatewayNamespace,
    certificate: wildcardCertificate,
    secretName: defaultWildcardSecret,
    dnsNames: [wildcardName("example.com")],
    issuer: issuerName("prod", http01.directoryUrl),
    credential: {
      dnsProvider: "googleCloud",
      ...ingressCredentialSecret.googleCloud,
      digest: "0".repeat(16),
      managedZone: { project: "my-project", zone: "example-com" },
    },
  },
};

/** The rows of docs/troubleshooting.md: the messages, and the doctor's problems. */
export const troubles: readonly Trouble[] = [
  ...messages,
  ...[...new Set([...unfinishedChecks, ...checks])].flatMap(({ problems, applies }) => {
    const example = (applies?.(http01) ?? true) ? http01 : dns01;
    return problems
      .filter(({ severity }) => severity !== "info")
      .map(({ title, why, command }) => ({
        sign: title,
        meaning: why,
        remedy: `\`${command(example)}\``,
      }));
  }),
];
