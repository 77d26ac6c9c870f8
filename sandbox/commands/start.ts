import { relative } from "node:path";
import { provideChart } from "../chart/provideChart.ts";
import { startCertManager, waitForWildcard, type WildcardReport } from "../cluster/certManager.ts";
import { startSandbox, withDeploymentLock } from "../cluster/sandbox.ts";
import { deploy, makeRoom, readDeployment, waitForProviderPod } from "../pulumi/deployment.ts";
import { runCommandLine } from "../../lib/commandLine.ts";
import { exitCode } from "../../lib/errors.ts";
import { issueCertificate, type CertificateReport } from "../cluster/issuer.ts";
import { defaultSandboxDirectory, projectDirectory } from "../paths.ts";
import { createReporter, formatSeconds, withStep } from "../processes/progress.ts";
import {
  chosenStack,
  stacks,
  startLine,
  wildcardStacks,
  type StartArguments,
} from "./startArguments.ts";
import { printable } from "../../lib/printable.ts";
import { shell } from "../../lib/shell.ts";

async function main(args: StartArguments): Promise<number> {
  const { fresh, json, wildcard } = args;
  const stack = chosenStack(args);
  const started = Date.now();
  const reporter = createReporter(json ? process.stderr : process.stdout);
  const sandbox = await startSandbox({ directory: defaultSandboxDirectory, reporter, fresh });
  if (wildcard) {
    await startCertManager(sandbox, reporter);
  }
  const chart = await withDeploymentLock(sandbox, reporter, async () => {
    const provided = await withStep(
      reporter,
      "Chart",
      () => provideChart(sandbox.directory),
      ({ description }) => description,
    );
    const options = { reporter, output: json ? "stderr" : "inherit" } as const;
    const others = [...stacks.values(), ...wildcardStacks.values()].filter(
      (name) => name !== stack,
    );
    await makeRoom(sandbox, others, options);
    await deploy(sandbox, stack, options);
    return provided;
  });

  reporter.note("");
  const deployment = await readDeployment(sandbox, stack);
  const pod = await withStep(
    reporter,
    "Provider pod ready",
    () => waitForProviderPod(sandbox.kubeconfig, deployment.namespace),
    (name) => name,
  );
  const certificate = await withStep(
    reporter,
    "Certificate",
    () => issueCertificate(sandbox, { namespace: deployment.namespace }, reporter),
    ({ result, challenge }) => (challenge === "" ? result : `${result} by ${challenge}`),
  );
  const wildcardCertificate = wildcard
    ? await withStep(
        reporter,
        "Wildcard certificate",
        () => waitForWildcard(sandbox),
        ({ subject }) => subject,
      )
    : undefined;
  const seconds = (Date.now() - started) / 1000;
  if (json) {
    const { outputs, namespace, objects } = deployment;
    const summary = {
      ...{ stack, namespace, pod, objects, outputs, certificate, chart, seconds },
      ...(wildcardCertificate !== undefined && { wildcard: wildcardCertificate }),
    };
    process.stdout.write(printable(`${JSON.stringify(summary, undefined, 2)}\n`));
    return exitCode.success;
  }
  const total = Object.values(deployment.objects).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(deployment.objects).map(([kind, count]) => `${count} ${kind}`);
  process.stdout.write(
    printable(`
The provider is running: pod ${pod} in namespace ${deployment.namespace} was ready after ${formatSeconds(seconds)}.
Helm created ${total} objects: ${kinds.join(", ")}.

${describeCertificate(certificate)}${wildcardCertificate === undefined ? "" : `\n\n${describeWildcard(wildcardCertificate)}`}
The logs of the sandbox are in ${relative(projectDirectory, sandbox.directory)}/logs.

Try next:
  ${shell`npm run pulumi -- preview -s ${stack}`}
  ${shell`npm run doctor -- -s ${stack} --sandbox`}
  ${shell`npm run kubectl -- get all -n ${deployment.namespace}`}
  npm stop
`),
  );
  return exitCode.success;
}

function describeCertificate({
  result,
  subject,
  issuer,
  challenge,
  credential,
  notAfter,
}: CertificateReport): string {
  const rows = {
    Certificate: `${subject} (${result})`,
    "Issued by": issuer,
    ...(challenge !== "" && { Challenge: challenge }),
    ...(credential !== null && { Credential: describeCredential(credential) }),
    Expires: notAfter,
  };
  return table(rows);
}

function describeWildcard({ subject, issuer, issuedBy, notAfter }: WildcardReport): string {
  return table({
    Certificate: `${subject} (served on port 443 of tenants' hosts)`,
    "Issued by": issuer,
    Through: issuedBy,
    Expires: notAfter,
  });
}

function table(rows: Readonly<Record<string, string>>): string {
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(12)} ${value}`)
    .join("\n");
}

function describeCredential({
  provider,
  clientEmail,
  privateKeyId,
  sha256,
}: NonNullable<CertificateReport["credential"]>): string {
  const parts = [clientEmail, privateKeyId && `key ${privateKeyId}`, sha256 && `token ${sha256}…`];
  return `${provider}: ${parts.filter((part) => part !== undefined && part !== "").join(", ")}`;
}

await runCommandLine(startLine, main);
