import assert from "node:assert/strict";
import type { V1ValidatingWebhookConfiguration } from "@kubernetes/client-node";
import { CustomObjectsApi } from "../../lib/kubernetesClient.ts";
import { releaseNames } from "../../chart/release.ts";
import { grantCommands } from "../../components/clusterRights.ts";
import { componentTypes, programNames } from "../../components/names.ts";
import {
  startCertManager,
  waitForWildcard,
  type WildcardReport,
} from "../../sandbox/cluster/certManager.ts";
import { createAuthority, createSelfSigned } from "../../sandbox/cluster/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { stopPart } from "../../sandbox/processes/parts.ts";
import { loopback } from "../../sandbox/processes/ports.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { holdSecretWrites } from "../support/heldWrites.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { operatorKubeconfig } from "../support/operatorKubeconfig.ts";
import { programsPath } from "../support/programsPath.ts";
import {
  rotatingCloudflare,
  rotatingGoogle,
  rotatingSettings,
  RotatingStack,
  type RotatingCloud,
} from "../support/rotatingStack.ts";
import { orderErrorWords } from "../support/orderErrorWords.ts";
import { testSandbox } from "../support/sandbox.ts";
import { signsOf, wildcardChecks, ExaminedWildcard } from "../support/examinedWildcard.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const names = { google: "wildcard-google", cloudflare: "wildcard-cloudflare" } as const;
const secretName = "wildcard-ingress-tls";
/** The identity that deploys the stack at Cloudflare, with only the documented permissions. */
const user = "wildcard-operator";
/** Settings with which cert-manager orders the certificate again. */
const otherOrder = {
  // The same CA under another URL.
  acmeDirectory: "https://pebble.sandbox.internal:443/dir",
  wildcard: { names: ["*.example.test"] },
} as const;

/** The objects of an operator who has followed Akash's guide. */
function othersCertificate(namespace: string) {
  return {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: "wildcard-https", namespace },
    spec: {
      secretName,
      dnsNames: ["*.example.test", "*.ingress.example.test"],
      issuerRef: { kind: "ClusterIssuer", name: "letsencrypt-prod" },
    },
  };
}

/**
 * Both stacks run at the same time: an order takes a minute, during which cert-manager mostly waits. The stack at
 * Cloudflare uses only the documented permissions.
 */
describe("the wildcard certificate", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;
  let google: RotatingStack;
  let cloudflare: RotatingStack;
  let first: readonly WildcardReport[];
  let second: readonly WildcardReport[];
  /** The stack at Cloudflare, run as {@link user}. */
  let limited: Workspace;
  /** The first stack's certificate, for the doctor. */
  let patient: ExaminedWildcard;

  /** The namespace of the stack's Gateway, which does not exist. */
  const gatewayOf = (name: string) => `${name}-gateway`;

  function settings(name: string, more: StackSettings = {}): StackSettings {
    const namespace = gatewayOf(name);
    return {
      ingress: { mode: "gateway-api", gatewayNamespace: namespace },
      wildcard: { issuer: "cert-manager", namespace, ...(more.wildcard as object | undefined) },
      ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "wildcard")),
    };
  }

  function create(cloud: RotatingCloud, more: StackSettings = {}): Promise<Workspace> {
    const name = names[cloud.cloud];
    return Workspace.create(
      sandbox,
      name,
      name,
      rotatingSettings(cloud, name, settings(name, more)),
    );
  }

  /** A deployed stack. */
  function deployed(cloud: RotatingCloud, workspace: Workspace): RotatingStack {
    const stack = RotatingStack.of(cloud, sandbox, workspace);
    stack.wildcardNamespace = gatewayOf(stack.name);
    return stack;
  }

  function issued(): Promise<readonly WildcardReport[]> {
    return Promise.all(
      [google, cloudflare].map(({ name }) =>
        waitForWildcard(sandbox, { namespace: gatewayOf(name) }),
      ),
    );
  }

  /** Runs commands from messages as they are pasted. */
  async function paste(workspace: Workspace, ...commands: readonly string[]): Promise<void> {
    const PATH = await programsPath(["kubectl"], workspace.environment.PATH);
    const { status, output } = await workspace
      .withEnvironment({ ...workspace.environment, PATH })
      .shell(`set -e\n${commands.join("\n")}`);
    assert.equal(status, 0, `${commands.join("\n")}\n${output}`);
  }

  /** The same, as an administrator of the cluster. */
  function grant(workspace: Workspace, ...commands: readonly string[]): Promise<void> {
    return paste(workspace.withEnvironment({ KUBECONFIG: sandbox.kubeconfig }), ...commands);
  }

  async function refused(workspace: Workspace): Promise<string> {
    const { status, output } = await workspace.pulumi("up", "-s", workspace.stack, "--yes");
    assert.notEqual(status, 0, output);
    assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
    return output;
  }

  async function issuers(name: string): Promise<readonly (string | undefined)[]> {
    const custom = cluster.config.makeApiClient(CustomObjectsApi);
    const { items } = (await custom.listNamespacedCustomObject({
      ...{ group: "cert-manager.io", version: "v1", plural: "issuers" },
      namespace: gatewayOf(name),
    })) as { readonly items: readonly { readonly metadata?: { readonly name?: string } }[] };
    return items.map(({ metadata }) => metadata?.name);
  }

  async function challenges(): Promise<readonly unknown[]> {
    const custom = cluster.config.makeApiClient(CustomObjectsApi);
    const { items } = (await custom.listClusterCustomObject({
      ...{ group: "acme.cert-manager.io", version: "v1", plural: "challenges" },
    })) as { readonly items: readonly unknown[] };
    return items;
  }

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
  });
  afterEach(() => clouds.clearFaults());

  it("is refused if permissions are missing, before anything is created, with commands that grant them", async () => {
    const name = names.cloudflare;
    const KUBECONFIG = operatorKubeconfig(sandbox, name, user);
    limited = (await create(rotatingCloudflare)).withEnvironment({ KUBECONFIG });
    // clusterRights.test.ts tests the refusal for the provider itself.
    const release = { namespace: name, names: releaseNames(`${name}-provider`) };
    await grant(limited, ...grantCommands(release, "install", user));
    const output = await refused(limited);
    assert.match(output, /lacks permissions in the cluster .* on certificates\.cert-manager\.io/);
    const commands = output.match(/(?<=\n\s+)(?:sed '|kubectl create )[^\n]*apply -f -/g) ?? [];
    assert.equal(commands.length, 3, output);
    await grant(limited, ...commands);
  });

  it("is refused if the cluster has no cert-manager, before anything is created", async () => {
    const output = await refused(limited);
    assert.match(output, /which the cluster does not have/);
    assert.match(output, /helm .*-n cert-manager install cert-manager oci:/);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
    assert.equal(
      await cluster.get("v1", "Secret", "wildcard-cloudflare-dns", gatewayOf(names.cloudflare)),
      undefined,
    );
  });

  it("takes over the Secret of another Certificate by the printed commands", async () => {
    await startCertManager(sandbox, silentReporter);
    const namespace = gatewayOf(names.cloudflare);
    await cluster.objects.create(othersCertificate(namespace));
    const theirs = await createSelfSigned("*.example.test");
    const stringData = { "tls.crt": theirs.certificate, "tls.key": theirs.key };
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: secretName }, type: "kubernetes.io/tls", stringData },
    });
    const output = await refused(limited);
    assert.match(
      output,
      /It also covers \*\.example\.test, which the first command adds to this stack\./,
    );
    const [command] = /(?<=\n\s+)pulumi config set [^\n]*--cascade=orphan[^\n]*/.exec(output) ?? [];
    await paste(limited, command ?? assert.fail(output));
    const { data } = await cluster.core.readNamespacedSecret({ namespace, name: secretName });
    assert.equal(Buffer.from(data?.["tls.crt"] ?? "", "base64").toString(), theirs.certificate);
  });

  it("is deployed once cert-manager's webhook responds, which the message explains", async () => {
    const webhook = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "cert-manager-webhook" },
    };
    await cluster.objects.create<V1ValidatingWebhookConfiguration>({
      ...webhook,
      webhooks: [
        {
          name: "webhook.cert-manager.io",
          admissionReviewVersions: ["v1"],
          // Without a listener.
          clientConfig: { url: `https://${loopback}:1/validate` },
          failurePolicy: "Fail",
          rules: [
            {
              apiGroups: ["cert-manager.io"],
              apiVersions: ["v1"],
              operations: ["CREATE", "UPDATE"],
              resources: ["issuers", "certificates"],
            },
          ],
          sideEffects: "None",
        },
      ],
    });
    const output = await refused(limited);
    await cluster.objects.delete(webhook);
    assert.match(
      output,
      /cert-manager's webhook does not respond \(.*connection refused.*\).*: kubectl get deployments -A -l app\.kubernetes\.io\/instance=cert-manager\n/,
    );
    await limited.up();
    assert.equal((await clouds.cloudflareTokens()).length, 1);
  });

  it("is issued with the created credential, also if the provider uses HTTP-01", async () => {
    const workspace = await create(rotatingGoogle, { challenge: "http-01" });
    await workspace.up();
    google = deployed(rotatingGoogle, workspace);
    patient = await ExaminedWildcard.of(sandbox, workspace, gatewayOf(google.name));
    const early = await patient.report();
    // The sandbox's Gateway still serves another Secret.
    assert.deepEqual(signsOf(early), ["info wildcard-ordering", "error port-443-closed"]);
    assert(early.some(({ id, severity }) => id === "credential" && severity === "ok"));
    await limited.up();
    cloudflare = deployed(rotatingCloudflare, limited);
    const { commands } = (await limited.outputs()) as { commands: { wildcard: string } };
    await paste(limited, commands.wildcard);
    await patient.run(early.find(({ id }) => id === "wildcard-ordering")?.command);
    first = await issued();
    assert.deepEqual(
      first.map(({ subject }) => subject.split(", ").sort()),
      [["*.ingress.example.test"], ["*.example.test", "*.ingress.example.test"]],
    );
    for (const [index, { issuer, issuedBy }] of first.entries()) {
      assert.match(issuer, /Pebble/);
      assert.deepEqual(await issuers([google, cloudflare][index]?.name ?? ""), [issuedBy]);
    }
    await cloudflare.assertFinished();
  });

  it("has one credential at each DNS provider, for the one zone", async () => {
    const { accounts, grants } = await clouds.google();
    assert.deepEqual(
      grants
        .filter(({ member }) => member === `serviceAccount:${accounts[0] ?? ""}`)
        .map(({ on }) => on),
      ["example-test"],
    );
    assert.equal((await google.live()).length, 1);
    const [token, ...others] = await clouds.cloudflareTokens();
    assert.deepEqual(others, []);
    assert.match(
      Object.keys(token?.policies[0]?.resources ?? {}).join(),
      /account\.zone\.(e1){16}$/,
    );
    assert.deepEqual((await clouds.google()).txt, []);
    assert.deepEqual(await clouds.cloudflareTxt(), []);
  });

  it("shares its credential with a provider that changes to DNS-01", async () => {
    const before = await google.wildcardCredential();
    google.configure(settings(google.name));
    await google.workspace.up();
    assert.equal(await google.credential(), before);
    await google.assertFinished();
  });

  for (const cloud of ["google", "cloudflare"] as const) {
    it(`always has a credential that ${cloud} accepts during a rotation, as the provider has`, async () => {
      const stack = { google, cloudflare }[cloud];
      const before = await stack.credential();
      const { most, looks } = await stack.watched(() => stack.rotate());
      assert.equal(most, 2);
      assert(looks > 5, `${looks} looks`);
      await assert.rejects(stack.works(before), "the old credential still works");
      await stack.assertFinished();
    });
  }

  it("keeps both credentials valid if the run is killed between the two Secrets, and the next up continues", async () => {
    const before = await cloudflare.wildcardCredential();
    const letGo = await holdSecretWrites(cluster, gatewayOf(cloudflare.name));
    const { most } = await cloudflare.watched(async () => {
      await cloudflare.workspace.upKilledWhen(
        async () => (await cloudflare.credential()) !== before,
        ...["--replace", cloudflare.pattern],
      );
      assert.equal(await cloudflare.wildcardCredential(), before);
      await letGo();
      await cloudflare.workspace.up();
    });
    assert.equal(most, 2);
    await assert.rejects(cloudflare.works(before), "the old credential still works");
    await cloudflare.assertFinished();
  });

  it("keeps its credential, as the provider does, while the new one fails its proof, and is taken over after the loss of the state", async () => {
    const before = await cloudflare.credential();
    await clouds.inject("cloudflare", {
      match: rotatingCloudflare.calls.write,
      status: 403,
      times: 100,
    });
    const { status, output } = await cloudflare.workspace.pulumi(
      ...["up", "-s", cloudflare.name, "--yes", "--replace", cloudflare.pattern],
    );
    assert.notEqual(status, 0, output);
    assert.deepEqual(
      [await cloudflare.credential(), await cloudflare.wildcardCredential()],
      [before, before],
    );
    await clouds.clearFaults();
    await cloudflare.works(before);
    // As after the loss of the state: the objects exist, and for the API server, another client has written them.
    const { name } = cloudflare;
    const urn = `urn:pulumi:${name}::akash-provider-letsencrypt::${componentTypes.ingress}::${programNames.ingress}`;
    await cloudflare.workspace.succeed(
      ...["state", "delete", urn, "-s", name, "--target-dependents", "--yes"],
    );
    await cloudflare.workspace.up();
    assert.notEqual(await cloudflare.wildcardCredential(), before);
    await cloudflare.assertFinished();
  });

  it("is ordered again with the rotated credential when the CA and the names change", async () => {
    for (const stack of [google, cloudflare]) {
      stack.configure(settings(stack.name, otherOrder));
      await stack.workspace.up();
    }
    second = await issued();
    for (const [index, { subject, serial, issuedBy }] of second.entries()) {
      assert.deepEqual(subject.split(", ").sort(), ["*.example.test", "*.ingress.example.test"]);
      assert.notEqual(serial, first[index]?.serial);
      assert.notEqual(issuedBy, first[index]?.issuedBy);
      assert.deepEqual(await issuers([google, cloudflare][index]?.name ?? ""), [issuedBy]);
    }
  });

  it("is kept with its credential when the provider changes to HTTP-01", async () => {
    const before = await cloudflare.wildcardCredential();
    cloudflare.configure(settings(cloudflare.name, { ...otherOrder, challenge: "http-01" }));
    await cloudflare.workspace.up();
    await assert.rejects(cloudflare.readSecret(), "the provider's Secret is still there");
    assert.deepEqual(await issued(), second, "a certificate was ordered again");
    assert.equal(await cloudflare.wildcardCredential(), before);
    assert.equal((await cloudflare.live()).length, 1);
    await cloudflare.works(before);
  });

  it("has findings in the doctor for everything that cert-manager may leave or report", async () => {
    // A Challenge's finalizer would block the later removal of its Certificate.
    await waitFor(async () => (await challenges()).length === 0, {
      what: "the removal of the Challenges",
      timeout: 60_000,
    });
    await stopPart(sandbox.directory, "cert-manager");
    const { certificate, issuer, secretName, credential } = await patient.names();
    await patient.serve(gatewayOf(google.name), secretName);
    assert.deepEqual(await patient.signs(), []);
    const held = await patient.readSecret(secretName);
    const copy = await patient.readSecret(credential.name);
    const { metadata, status } = await patient.read("certificates", certificate);
    const account = await patient.read("issuers", issuer);

    await patient.removeSecret(secretName);
    await patient.removeSecret(credential.name);
    await patient.dnsDefault("10.1.2.3");
    try {
      assert.deepEqual(await patient.signs(), [
        "error wildcard-secret-missing",
        "error wildcard-credential-missing",
        "warning wildcard-dns-private",
        "error port-443-closed",
      ]);
    } finally {
      // In DNS, every name resolves to the sandbox.
      await patient.dnsDefault(loopback);
    }
    await patient.restoreSecret(held);
    await patient.restoreSecret(copy);

    const authority = await createAuthority("Root");
    const [before, ago] = [48, 3].map((hours) => new Date(Date.now() - hours * 3_600_000));
    assert(before && ago);
    const past = { notBefore: before, notAfter: ago };
    await patient.fillCertificate(held, await authority.server("other", ["other.test"], past));
    assert.deepEqual(await patient.signs(), [
      "error wildcard-secret-another",
      "error wildcard-expired",
      "info wildcard-root-private",
    ]);
    await patient.fillCertificate(held, await createSelfSigned("other"));
    await patient.say("certificates", certificate, { ...status, renewalTime: ago.toISOString() });
    assert.deepEqual(await patient.signs(), [
      "error wildcard-secret-another",
      "warning wildcard-renewal-overdue",
      "error wildcard-chain",
    ]);
    await patient.removeSecret(secretName);
    await patient.restoreSecret(held);

    const condition = (type: string, status: string) => ({
      ...{ type, status, reason: "Failed", message: "says so" },
      observedGeneration: metadata?.generation ?? 0,
      lastTransitionTime: new Date().toISOString(),
    });
    const words = Object.values(orderErrorWords).flatMap(([first = ""]) => first);
    const failed = {
      ...status,
      lastFailureTime: ago.toISOString(),
      conditions: [condition("Ready", "False"), condition("Issuing", "False")],
    };
    await patient.say("certificates", certificate, failed);
    await patient.forgeOrder(words);
    assert.deepEqual(
      [...(await patient.signs())].sort(),
      Object.keys(orderErrorWords)
        .map((id) => `error ${id}`)
        .sort(),
    );
    await patient.removeForged(words.length);
    await patient.forgeOrder(["of no known kind"]);
    assert.deepEqual(await patient.signs(), ["error wildcard-order-failed"]);
    await patient.say("certificates", certificate, {
      ...status,
      conditions: [condition("Ready", "False"), condition("Issuing", "True")],
    });
    assert.deepEqual(await patient.signs(30), ["error wildcard-order-slow"]);
    await patient.removeForged(1);

    await patient.say("certificates", certificate, {});
    await patient.say("issuers", issuer, {});
    assert.deepEqual(await patient.signs(30), [
      "error wildcard-issuer-not-ready",
      "error wildcard-unattended",
    ]);
    await patient.say("issuers", issuer, account.status);
    await patient.edit("certificates", certificate, { dnsNames: ["*.other.test"] });
    assert.deepEqual(await patient.signs(), ["error wildcard-certificate-changed"]);
    await patient.serveType(false);
    const signs = async () => (await patient.signs()).join();
    await waitFor(async () => (await signs()) === "error wildcard-types-missing", {
      what: "the end of the type",
      timeout: 30_000,
    });
    await patient.serveType(true);
    await waitFor(async () => (await signs()) === "error wildcard-certificate-changed", {
      what: "the type",
      timeout: 30_000,
    });
  });

  itExhaustive(
    "has findings in the doctor for manual changes, and the doctor's command fixes them",
    async () => {
      const { certificate, issuer, secretName, credential } = await patient.names();
      const namespace = gatewayOf(google.name);
      const copy = await patient.readSecret(credential.name);
      await patient.remove("certificates", certificate);
      await patient.remove("issuers", issuer);
      await patient.fill(copy, { [credential.key]: "another" });
      await patient.serve(gatewayOf(cloudflare.name), secretName);
      await patient.dnsDefault("");
      let findings: Awaited<ReturnType<ExaminedWildcard["report"]>>;
      try {
        findings = await patient.report();
      } finally {
        await patient.dnsDefault(loopback);
      }
      assert.deepEqual(signsOf(findings), [
        "error wildcard-issuer-missing",
        "error wildcard-certificate-missing",
        "error wildcard-credential-another",
        "error wildcard-dns-missing",
        "error wildcard-served-another",
      ]);
      await patient.run(findings.find(({ id }) => id === "wildcard-certificate-missing")?.command);

      await startCertManager(sandbox, silentReporter);
      // It has applied the sandbox's original Gateway.
      await patient.serve(namespace, secretName);
      await waitForWildcard(sandbox, { namespace });
      await patient.makeGatewayProxy();
      for (const command of patient.commands.given) {
        if (!patient.commands.run.has(command)) {
          await patient.run(command);
        }
      }
      const well = await patient.report();
      assert.deepEqual(signsOf(well), []);
      assert.deepEqual(
        well
          .filter(({ group }) => group === "Wildcard certificate")
          .map(({ severity, title }) => [severity, title]),
        wildcardChecks.map(({ title }) => ["ok", title]),
      );
      assert.match(
        well.find(({ id }) => id === "wildcard-certificate")?.seen ?? "",
        /^valid until 20\S+Z, renewed from 20\S+Z on$/,
      );
      const known = wildcardChecks.flatMap(({ problems }) => problems.map(({ id }) => id));
      assert.deepEqual(
        known.filter((id) => !patient.provoked.has(id)),
        [],
      );
    },
  );

  it("leaves its Secret, with a message, and its credential is deleted, when it is removed or the stack is destroyed", async () => {
    const end = {
      [google.name]: `pulumi config rm -s ${google.name} wildcard && pulumi up -s ${google.name}`,
      [cloudflare.name]: `pulumi destroy -s ${cloudflare.name} --run-program`,
    };
    for (const stack of [google, cloudflare]) {
      const namespace = gatewayOf(stack.name);
      const { status, output } = await stack.workspace.shell(`${end[stack.name] ?? ""} --yes`);
      assert.equal(status, 0, output);
      assert.match(
        output,
        new RegExp(`The Secret ${secretName} in namespace ${namespace} was not deleted`),
      );
      const { data } = await cluster.core.readNamespacedSecret({ namespace, name: secretName });
      assert(data?.["tls.crt"] !== undefined);
      await assert.rejects(stack.readWildcardSecret());
      assert.deepEqual(await issuers(stack.name), []);
    }
    assert.deepEqual(await cloudflare.live(), []);
    // The provider's own certificate continues to use the credential.
    google.wildcardNamespace = undefined;
    await google.assertFinished();
    await google.workspace.destroy();
    assert.deepEqual(await google.live(), []);
  });
});
