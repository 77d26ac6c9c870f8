import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { acmeHost } from "./acmeHost.ts";
import { ensurePrograms } from "../programs/builder.ts";
import { cloudsAt } from "./clouds.ts";
import { homeVolumes } from "./homeVolumes.ts";
import type { Sandbox } from "./sandbox.ts";
import { UserError } from "../../lib/errors.ts";
import { podLog } from "./podLog.ts";
import { loopback } from "../processes/ports.ts";
import type { Reporter } from "../processes/progress.ts";
import { parseJson } from "../../lib/json.ts";

const run = promisify(execFile);

const reportSchema = z.object({
  result: z.enum(["issued", "renewed", "reused"]),
  host: z.string(),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  challenge: z.string(),
  credential: z
    .object({
      provider: z.string(),
      clientEmail: z.string().optional(),
      privateKeyId: z.string().optional(),
      sha256: z.string().optional(),
    })
    .nullable(),
  directory: z.string(),
  storageDir: z.string(),
});

/** The certificate that a provider has obtained, and how. */
export type CertificateReport = z.infer<typeof reportSchema>;

/** The provider that obtains a certificate. */
export interface IssuerTarget {
  readonly namespace: string;
  /** Name of the provider's StatefulSet. @default "akash-provider" */
  readonly statefulSet?: string;
  /** Host names of further CAs, each with its address in the sandbox. */
  readonly resolve?: Readonly<Record<string, string>>;
}

/**
 * Obtains a provider's certificate as the provider itself would: from the environment and the Secrets of the
 * deployed pod, into its home volume, which the sandbox keeps in a folder. The output goes to the pod's log.
 *
 * @throws UserError with the issuer's message when there is no certificate
 */
export async function issueCertificate(
  sandbox: Sandbox,
  { namespace, statefulSet = "akash-provider", resolve = {} }: IssuerTarget,
  reporter: Reporter,
): Promise<CertificateReport> {
  const log = await podLog(sandbox, namespace, `${statefulSet}-0`);
  const programs = await ensurePrograms(["issuer"], reporter);
  const issuer = programs.get("issuer")?.path ?? "issuer";
  const { googleUrl, cloudflareUrl } = cloudsAt(sandbox.ports);
  const hosts = { [acmeHost]: `${loopback}:${sandbox.ports.acme}`, ...resolve };
  const args = [
    `--kubeconfig=${sandbox.kubeconfig}`,
    `--namespace=${namespace}`,
    `--statefulset=${statefulSet}`,
    `--home=${join(homeVolumes(sandbox.directory, namespace), statefulSet)}`,
    `--dns-resolver=${sandbox.dns.address}`,
    `--http-listen=${loopback}:${sandbox.acme.httpChallengePort}`,
    `--google-endpoint=${googleUrl}`,
    `--cloudflare-endpoint=${cloudflareUrl}`,
    ...Object.entries(hosts).map(([host, address]) => `--resolve=${host}=${address}`),
    "--json",
  ];
  const keepLog = (words: string) => {
    log.write(words.split("\n").flatMap((text) => (text === "" ? [] : [{ text }])));
  };
  try {
    const { stdout, stderr } = await run(issuer, args, {
      env: { ...process.env, LEGO_CA_CERTIFICATES: sandbox.ca },
    });
    keepLog(stderr);
    return reportSchema.parse(JSON.parse(stdout));
  } catch (error) {
    keepLog((error as { readonly stderr?: string }).stderr ?? "");
    throw new UserError(`No certificate: ${failureOf(error)}`);
  }
}

const failureSchema = z.object({ error: z.string() });

function failureOf(error: unknown): string {
  const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
  const failure = failureSchema.safeParse(parseJson(stdout ?? ""));
  const words = stderr?.trim() ?? "";
  return failure.data?.error ?? (words === "" ? String(error) : words);
}
