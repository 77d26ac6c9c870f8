import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import type { V1ConfigMap, V1PodSpec, V1StatefulSet } from "@kubernetes/client-node";
import { AppsV1Api, PatchStrategy, setHeaderOptions } from "../../lib/kubernetesClient.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { isExhaustive, itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Provider } from "../support/provider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";

/** A values file in a form that operators publish, and the result of its adoption. */
interface Shape {
  /** Its special feature. */
  readonly what: string;
  /** The file, without the values in {@link wallet}. */
  readonly file: string;
  /** Whether it is exhaustive, because the unit tests of adopt's parser cover it as well. */
  readonly exhaustive?: true;
  /** Values of the release only, as Ansible and the Console set them. */
  readonly set?: readonly string[];
  /** Further arguments of `adopt`. */
  readonly args?: readonly string[];
  /** The suffixes of its Secrets' names. Default: only the wallet's. */
  readonly secrets?: readonly string[];
  /** The required setting `accept`. Default: none. */
  readonly accept?: readonly string[];
  /** The messages of `adopt` about it. */
  readonly said?: readonly RegExp[];
  /** Other values that the next `up` changes, as `adopt` has reported. Default: none. */
  readonly changes?: readonly string[];
  /** Lines of the stack's file. */
  readonly settings?: readonly RegExp[];
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const script = base64("#!/bin/bash\nread -r order\necho 1.5\n");
const address = "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu";
const key = base64(walletKey);
const password = base64("SENTINEL-shapes-password\n");
const wallet = `key: ${key}\nkeysecret: ${password}\n`;
const email = "email: operator@example.test\n";
const common = `from: ${address}\n${wallet}domain: example.test\n`;

const shapes: readonly Shape[] = [
  {
    what: "the guide's example",
    file: `---
from: "${address}"
key: "${key}"
keysecret: "${password}"
domain: "example.test"
email: operator@example.test
node: "http://akash-node-1:26657"
withdrawalperiod: 12h
price_target_gpu_mappings: "rtx4000=80,*=110"
chainid: akashnet-2
attributes:
  - key: region
    value: "us-east"
  - key: capabilities/storage/1/class
    value: beta3
  - key: capabilities/storage/1/persistent
    value: true
  - key: console/trials
    value: "true"
website: https://example.test
bidmindeposit: "5000000uakt"

# Let's Encrypt
letsEncrypt:
  enabled: true
  acme:
    caDirUrl: "https://acme-v02.api.letsencrypt.org/directory"
`,
    said: [/price_target_gpu_mappings +Without bidpricescript/],
    changes: ["price_target_gpu_mappings"],
  },
  {
    what: "a playbook's file, with script and image by --set",
    file: `---
from: "${address}"
key: "${key}"
keysecret: "${password}"
domain: "example.test"
node: "http://akash-node-1.akash-services.svc.cluster.local:26657"
withdrawalperiod: 12h
chainid: "akashnet-2"
organization: "example"
email: operator@example.test
attributes:
  - key: host
    value: akash
  - key: tier
    value: community
price_target_cpu: 1.60
price_target_memory: 0.80
price_target_hd_ephemeral: "0.02"
price_target_gpu_mappings: "a100=120,*=130"
`,
    set: [`bidpricescript=${script}`, "image.tag=0.16.2"],
    said: [
      /^Taken from the release[^\n]*\n {2}bidpricescript +only in the release\n {2}image\.tag +only/m,
    ],
    settings: [/:bidPriceScript: stacks\/shape-2\.price_script\.sh/, /price_target_cpu: "1\.6/],
  },
  {
    what: "the Console's file, with everything in quotes and with empty values",
    file: `from: "${address}"
key: "${key}"
keysecret: "${password}"
domain: "example.test"
node: "http://akash-node-1:26657"
withdrawalperiod: "12h"
chainid: "akashnet-2"
email: "operator@example.test"
website: ""
organization: ""
ipoperator: false
bidpricescript: ""
attributes:
  - { key: "region", value: "eu-central" }
  - { key: "capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi", value: "true" }
`,
    set: [`bidpricescript=${script}`, "website=https://example.test"],
    said: [/ {2}bidpricescript +only in the release/, / {2}website +only in the release/],
  },
  {
    what: "a domain that begins with provider.",
    file: common.replace("example.test", "provider.example.test") + email,
    accept: ["domain"],
    said: [/^Accepted[^\n]*\n {2}domain +begins with provider\./m],
  },
  {
    what: "an invalid website, and the address in the issuer's setting",
    exhaustive: true,
    file: `${common}email: ""
website: none
letsEncrypt:
  acme:
    email: operator@example.test
`,
    accept: ["website"],
    // The stack has one address for both.
    changes: ["email"],
    settings: [/:email: operator@example\.test/],
  },
  {
    what: "a website without a scheme, and a node with another scheme",
    exhaustive: true,
    file: `${common}${email}website: www.example.test
node: tcp://akash-node-1:26657
`,
    accept: ["website", "node"],
  },
  {
    what: "price targets that are unknown to the chart",
    exhaustive: true,
    file: `${common}${email}bidpricescript: ${script}
price_target_cpu: "1.60"
price_target_tpu: "9"
whitelist_url: https://example.test/whitelist.txt
`,
    settings: [/price_target_tpu: "9"/],
  },
  {
    what: "the key's name for the account",
    exhaustive: true,
    file: `from: provider\n${wallet}domain: example.test\n${email}`,
    accept: ["from"],
    said: [
      /from +is a key's name.*: kubectl -n shape-8 exec shape-8-provider-0 -c provider -- provider-services keys show provider -a/,
    ],
  },
  {
    what: "a prompt before the wallet's armour",
    exhaustive: true,
    file: `from: ${address}
key: ${base64(`Enter passphrase to encrypt the exported key:\n${walletKey}`)}
keysecret: ${password}
domain: example.test
${email}`,
  },
  {
    what: "comments everywhere, and an empty last document",
    exhaustive: true,
    file: `# a provider
---
# the wallet
${common}${email}
attributes: # none yet
---
# the end
`,
    said: [/attributes +It is empty/],
  },
  {
    what: "a duplicate key",
    exhaustive: true,
    file: `${common}${email}website: https://first.example.test
node: http://akash-node-1:26657
website: https://last.example.test
`,
    said: [/^More than once in the file[^\n]*\n {2}website +lines \d+, \d+/m],
    settings: [/:website: https:\/\/last\.example\.test/],
  },
  {
    what: "aliases and a merge key for the resources",
    exhaustive: true,
    file: `${common}${email}base: &base
  requests: &requests
    cpu: 500m
    memory: 1Gi
resources:
  <<: *base
  limits: *requests
`,
  },
  {
    what: "an Ingress",
    exhaustive: true,
    file: `${common}${email}gatewayApi:
  enabled: false
ingress:
  className: nginx
  annotations:
    example.test/note: "1"
`,
    settings: [/mode: ingress/, /className: nginx/],
  },
  {
    what: "a Cloudflare token",
    file: `${common}${email}letsEncrypt:
  enabled: true
  dns:
    providers: ["cf"]
  providers:
    cloudflare:
      enabled: true
      apiToken: CLOUDFLARE_TOKEN
`,
    args: ["--zone", "example.test"],
    secrets: ["keys", "cloudflare-dns"],
    changes: ["letsEncrypt.dns"],
  },
  {
    what: "a DNS provider that is listed and not enabled",
    exhaustive: true,
    file: `${common}${email}letsEncrypt:
  dns:
    providers:
      - gcloud
  acme:
    caDirUrl: https://acme-staging-v02.api.letsencrypt.org/directory
`,
    said: [/letsEncrypt\.dns\.providers +No chart since 12\.1\.3 reads the value/],
    changes: ["letsEncrypt.dns"],
    settings: [/:acmeDirectory: staging/],
  },
  {
    what: "a storage class, and volumes of its own size",
    exhaustive: true,
    file: `${common}${email}storage:
  home:
    size: 20Gi
letsEncrypt:
  storage:
    storageClass: beta3
`,
    settings: [/:storageClass: beta3/, /size: "?20Gi/],
  },
  {
    what: "attributes that a new stack would refuse",
    file: `${common}${email}attributes:
  - key: location-region
    value: "na-us: west"
  - key: hardware cpu
    value: amd
  - key: capabilities/memory
    value: 1024
`,
    accept: ["attributes"],
  },
  {
    what: "switches in quotes",
    exhaustive: true,
    file: `${common}${email}ipoperator: "true"
debug: "false"
letsEncrypt:
  enabled: "true"
gatewayApi:
  enabled: "true"
`,
  },
  {
    what: "JSON",
    exhaustive: true,
    file: JSON.stringify({
      from: address,
      key,
      keysecret: password,
      domain: "example.test",
      email: "operator@example.test",
      attributes: [{ key: "host", value: "akash" }],
      tolerations: [],
      nodeSelector: null,
    }),
    said: [/nodeSelector +It is empty/],
  },
  {
    what: "the wallet by --set, and the pod's scheduling",
    file: `from: ${address}
domain: example.test
${email}nodeSelector:
  kubernetes.io/os: linux
tolerations:
  - key: example.test/only
    operator: Exists
`,
    set: [`key=${key}`, `keysecret=${password}`],
    said: [/ {2}key +only in the release\n {2}keysecret +only in the release/],
  },
];

/**
 * The changes of the release's values that a preview after an adoption may contain: those that the repairs require,
 * and those of the stack's settings.
 */
const repaired =
  /^(serviceAccount\.annotations|letsEncrypt\.(enabled|acme\.(caDirUrl|email)|providers|storage)|gatewayApi\.enabled)(\.|$)/;

/** The chart's values that a preview changes, by path: those that the chart prints as another text. */
function changedValues(preview: string): string[] {
  const lines = preview.split("\n");
  const first = lines.findIndex((line) => /^ {6}[~+-] values +: \{$/.test(line));
  assert(first >= 0, `no values in ${preview}`);
  const place: { readonly column: number; readonly name: string }[] = [];
  const changed: string[] = [];
  for (const line of lines.slice(first + 1)) {
    const [, indentation = "", sign = " ", name = "", value = ""] =
      /^( *)([~+-] | {2})(?:\[(?=\d+\]: ))?"?([^\s:"\]]+)"?\]? *: (.*)$/.exec(line) ?? [];
    if (name === "") {
      if (/^ {0,6}\S/.test(line)) {
        break;
      }
      continue;
    }
    while ((place.at(-1)?.column ?? -1) >= indentation.length) {
      place.pop();
    }
    place.push({ column: indentation.length, name });
    const [, before, after] = /^(.*) => (.*)$/.exec(value) ?? [];
    const isSame = before !== undefined && printed(before) === printed(after ?? "");
    if (sign.trim() !== "" && !/[[{]$/.test(value) && !isSame) {
      changed.push(place.map((part) => part.name).join("."));
    }
  }
  return changed;
}

/** A value of a preview as the chart prints it. */
function printed(value: string): string {
  return value.replace(/^"(.*)"$/, "$1");
}

describe("values files as operators publish them", () => {
  const results = new Map<Shape, { readonly provider: Provider; readonly status: number | null }>();
  let clouds: SandboxClouds;
  let token: { readonly id: string; readonly value: string };

  before(async function () {
    // All of them, on a machine that may be busy.
    this.timeout(900_000);
    clouds = new SandboxClouds(await testSandbox());
    token = await clouds.cloudflareToken("shapes");
    const waiting = shapes.filter(({ exhaustive }) => isExhaustive || exhaustive !== true);
    const work = async () => {
      for (let shape = waiting.shift(); shape !== undefined; shape = waiting.shift()) {
        results.set(shape, await adopted(shape));
      }
    };
    await Promise.all([work(), work(), work()]);
  });
  after(async () => {
    await clouds.revoke("cloudflare", token.id);
  });

  async function adopted(shape: Shape) {
    const name = `shape-${shapes.indexOf(shape) + 1}`;
    const provider = await Provider.install({
      name,
      values: shape.file.replace("CLOUDFLARE_TOKEN", token.value),
      set: shape.set ?? [],
      secrets: shape.secrets ?? ["keys"],
    });
    await provider.remember();
    const { status } = await provider.adopt(...(shape.args ?? []));
    await provider.assertSecretsNeverMissing();
    return { provider, status };
  }

  for (const shape of shapes) {
    const { what, accept, said = [], changes = [], settings = [] } = shape;
    const test = shape.exhaustive === true ? itExhaustive : it;
    test(`with ${what} are adopted, and the preview shows the repairs alone`, async () => {
      const { provider, status } = results.get(shape) ?? {};
      assert(provider !== undefined);
      const output = provider.outputs.at(-1) ?? "";
      assert.equal(status, 0, output);
      for (const pattern of said) {
        assert.match(output, pattern);
      }
      for (const pattern of settings) {
        assert.match(provider.stackFile(), pattern);
      }
      const names = /:accept:\n((?: +- \S+\n)+)/.exec(provider.stackFile())?.[1] ?? "";
      assert.deepEqual(
        [...names.matchAll(/- (\S+)/g)].map(([, name]) => name).sort(),
        [...(accept ?? [])].sort(),
      );
      const preview = output.slice(
        output.indexOf("The preview below shows the changes of the next up."),
      );
      assert.match(preview, /\n +~ \d to update\n/);
      assert.doesNotMatch(
        preview,
        /\(replace\)|\(create\)|\(delete\)|\d to (create|delete|replace)/,
      );
      assert.deepEqual(
        changedValues(preview).filter(
          (path) => !repaired.test(path) && !changes.some((one) => path.startsWith(one)),
        ),
        [],
        preview,
      );
      await provider.assertSamePod();
      await provider.assertSecretsStayed();
      await provider.assertHidden(["SENTINEL-shapes-password", walletKey.split("\n")[5] ?? ""]);
    });
  }
});

describe("a provider with large numbers and a manually set environment", () => {
  const name = "hand-set";
  let provider: Provider;

  before(async () => {
    provider = await Provider.install({
      name,
      values: `${common}${email}gas: auto
minimumbalance: 10000000
monitor:
  maxRetries: 1234567
podSecurityContext:
  fsGroup: 1000650000
`,
      secrets: ["keys"],
    });
    const apps = provider.cluster.config.makeApiClient(AppsV1Api);
    const before = await provider.podUid();
    // As kubectl set env does.
    const env = [
      { name: "AKASH_MINE", value: "SENTINEL-by-hand" },
      { name: "AKASH_GAS", value: "900000" },
    ];
    await apps.patchNamespacedStatefulSet(
      {
        name: provider.release,
        namespace: name,
        body: { spec: { template: { spec: { containers: [{ name: "provider", env }] } } } },
        fieldManager: "kubectl-set",
      },
      setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
    );
    await waitFor(async () => ![undefined, before].includes(await podUid()), {
      what: "the pod with the environment",
      timeout: 60_000,
    });
    await provider.remember();
  });
  after(() => {
    provider.stopWatching();
  });

  /** The uid of the pod, when it is ready. */
  function podUid(): Promise<string | undefined> {
    return provider.podUid().catch(() => undefined);
  }

  async function podSpec(): Promise<V1PodSpec | undefined> {
    const statefulSet = await provider.cluster.get<V1StatefulSet>(
      "apps/v1",
      "StatefulSet",
      provider.release,
      name,
    );
    return statefulSet?.spec?.template.spec;
  }

  async function environment(): Promise<Readonly<Record<string, string | undefined>>> {
    const [container] = (await podSpec())?.containers ?? [];
    return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  }

  it("is described with the numbers that the release has with an exponent, and the values that the next up keeps", async () => {
    const { status, output } = await provider.adopt();
    assert.equal(status, 0, output);
    assert.match(
      output,
      /^Numbers with an exponent in the release[^\n]*\n {2}minimumbalance +1e\+07 becomes 10000000\n {2}monitor\.maxRetries +1\.234567e\+06 becomes 1234567\n/m,
    );
    assert.match(output, /AKASH_MINE \(container provider\) +the next up keeps it/);
    assert.match(
      output,
      /AKASH_GAS \(container provider\) +the next up restores the chart's value/,
    );
    assert.doesNotMatch(output, /SENTINEL/);
  });

  it("is kept by the next up as described", async () => {
    await provider.workspace.up();
    const { AKASH_MINE, AKASH_GAS } = await environment();
    assert.deepEqual([AKASH_MINE, AKASH_GAS], ["SENTINEL-by-hand", "auto"]);
  });

  it("then has the digits in ConfigMap and StatefulSet, and a number where the chart writes YAML", async () => {
    const names = ["AKASH_MINIMUM_BALANCE", "AKASH_MONITOR_MAX_RETRIES"] as const;
    const printed = ["10000000", "1234567"];
    const main = `${provider.release}-main`;
    const configMap = await provider.cluster.get<V1ConfigMap>("v1", "ConfigMap", main, name);
    const env = await environment();
    assert.deepEqual(
      names.map((variable) => configMap?.data?.[variable]),
      printed,
    );
    assert.deepEqual(
      names.map((variable) => env[variable]),
      printed,
    );
    assert.equal((await podSpec())?.securityContext?.fsGroup, 1000650000);
  });
});

describe("a stack with settings from an environment of Pulumi ESC", () => {
  const name = "with-environment";
  let provider: Provider;

  before(async () => {
    provider = await Provider.install({ name, values: common, secrets: ["keys"] });
  });

  it("is refused without them", async () => {
    const { status, output } = await provider.adopt("--dry-run");
    assert.equal(status, 1);
    assert.match(output, / {2}email is missing\n/);
  });

  it("is adopted with the configuration that Pulumi prints", async () => {
    const path = provider.sandbox.environment.PATH ?? "";
    const config = JSON.stringify({
      "akash-provider-letsencrypt:email": { value: "esc@example.test", secret: false },
      "akash-provider-letsencrypt:chart": { value: "./.sandbox/chart/provider", secret: false },
    });
    mkdirSync(provider.path("with-esc"), { recursive: true });
    provider.write(
      "with-esc/pulumi",
      `#!/bin/sh
export PATH='${path}'
case "$*" in "config --json"*) echo '${config}'; exit;; esac
exec pulumi "$@"
`,
      0o755,
    );
    const { status, output } = await provider.runAdopt(
      ["provider.yaml", ...provider.place, "--dry-run"],
      { PATH: `${provider.path("with-esc")}:${path}` },
    );
    assert.equal(status, 0, output);
    assert.match(output, /Nothing was changed\. An adoption would run:/);
  });
});
