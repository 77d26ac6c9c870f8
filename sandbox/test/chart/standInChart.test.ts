import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import type {
  KubernetesObject,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Container,
  V1Ingress,
  V1Secret,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { parse, parseAllDocuments, stringify } from "yaml";

// The sandbox's stand-in for the chart `akash/provider`. It must have the published chart's defects, because the
// repairs are tested with it. If AKASH_CHART names the published chart, both must render the same objects.

const helm = process.env.HELM ?? "";
const published = process.env.AKASH_CHART ?? "";
const standIn = path.join(import.meta.dirname, "../../chart/provider");

type Tree = Record<string, unknown>;

interface Case {
  readonly values?: Tree;
  readonly release?: string;
  readonly namespace?: string;
  /** Arguments for `helm template`, for values that have to come from the command line. */
  readonly args?: readonly string[];
}

const required: Tree = {
  from: "akash1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
  key: Buffer.from("armour").toString("base64"),
  keysecret: Buffer.from("password").toString("base64"),
  domain: "akash.example.com",
};

function template(
  chart: string,
  { values = {}, release, namespace, args = [] }: Case = {},
): string {
  return execFileSync(
    helm,
    [
      "template",
      release ?? "akash-provider",
      chart,
      "--namespace",
      namespace ?? "akash-services",
      "--values",
      "-",
      ...args,
    ],
    { input: stringify({ ...required, ...values }), encoding: "utf8", stdio: "pipe" },
  );
}

/** The rendered objects by kind and name. Helm and the API server read YAML 1.1, in which `0744` is octal. */
function render(chart: string, what: Case = {}): Map<string, KubernetesObject> {
  const objects = new Map<string, KubernetesObject>();
  for (const document of parseAllDocuments(template(chart, what), { version: "1.1" })) {
    assert.deepEqual(document.errors, []);
    const object = document.toJS() as KubernetesObject | null;
    if (object === null) continue;
    const id = `${object.kind}/${object.metadata?.name}`;
    assert.ok(!objects.has(id), `${id} is rendered once`);
    objects.set(id, object);
  }
  return objects;
}

function find<T extends KubernetesObject>(objects: Map<string, KubernetesObject>, id: string): T {
  const object = objects.get(id);
  assert.ok(object, `${id} is among ${[...objects.keys()].join(", ")}`);
  return object as T;
}

function data(objects: Map<string, KubernetesObject>, suffix: string): Record<string, string> {
  return find<V1ConfigMap>(objects, `ConfigMap/akash-provider-${suffix}`).data ?? {};
}

function statefulSet(objects: Map<string, KubernetesObject>): V1StatefulSet {
  return find(objects, "StatefulSet/akash-provider");
}

function container(objects: Map<string, KubernetesObject>): V1Container {
  const [first] = statefulSet(objects).spec?.template.spec?.containers ?? [];
  assert.ok(first);
  return first;
}

function env(objects: Map<string, KubernetesObject>, name: string): string | undefined {
  return container(objects).env?.find((entry) => entry.name === name)?.value;
}

function annotations(objects: Map<string, KubernetesObject>): Record<string, string> {
  return statefulSet(objects).spec?.template.metadata?.annotations ?? {};
}

function storageClass(objects: Map<string, KubernetesObject>): string | undefined {
  return statefulSet(objects).spec?.volumeClaimTemplates?.[0]?.spec?.storageClassName;
}

const acme = (values: Tree): Tree => ({ letsEncrypt: { acme: values } });
const credential = JSON.stringify({ type: "service_account", project_id: "example" });
const gcp = { googleCloud: { enabled: true, serviceAccount: { content: credential } } };
const cloudflare = { cloudflare: { enabled: true, apiToken: "token" } };
const script = Buffer.from("#!/bin/bash\necho 1\n").toString("base64");
const targets: Tree = {
  price_target_cpu: 1.6,
  price_target_memory: 0.8,
  price_target_hd_ephemeral: 0.02,
  price_target_hd_pers_hdd: 0.01,
  price_target_hd_pers_ssd: 0.03,
  price_target_hd_pers_nvme: 0.04,
  price_target_endpoint: 0.05,
  price_target_ip: 5,
  price_target_gpu_mappings: "rtx4000=80,*=110",
};
const persistent = (storage: number, name: string, value: unknown = true) => [
  { key: `capabilities/storage/${storage}/class`, value: name },
  { key: `capabilities/storage/${storage}/persistent`, value },
];
const example: Tree = {
  node: "https://rpc.example.com:443",
  withdrawalperiod: "12h",
  price_target_gpu_mappings: "rtx4000=80,*=110",
  chainid: "example-1",
  attributes: [
    { key: "region", value: "us-east" },
    { key: "host", value: "akash" },
    { key: "tier", value: "community" },
    { key: "organization", value: "example" },
    ...persistent(1, "beta3"),
    { key: "capabilities/gpu/vendor/nvidia/model/rtx4000", value: true },
    { key: "console/trials", value: "true" },
    { key: "console/trials-registered", value: "true" },
  ],
  website: "https://example.com",
  bidmindeposit: "5000000uakt",
  letsEncrypt: {
    enabled: true,
    acme: { caDirUrl: "https://acme-v02.api.letsencrypt.org/directory" },
  },
};

describe("stand-in chart: defects of the published chart", function () {
  this.timeout(60_000);

  before(function () {
    if (helm === "") this.skip();
  });

  it("writes DNS provider names that the provider refuses", function () {
    const google = render(standIn, { values: { letsEncrypt: { providers: gcp } } });
    assert.equal(data(google, "letsencrypt").AP_CERT_ISSUER_DNS_PROVIDERS, "googleCloud");

    const both = render(standIn, {
      values: { letsEncrypt: { providers: { ...gcp, ...cloudflare } } },
    });
    assert.equal(data(both, "letsencrypt").AP_CERT_ISSUER_DNS_PROVIDERS, "cloudflare");

    const guide = render(standIn, { values: { letsEncrypt: { dns: { providers: ["gcloud"] } } } });
    assert.equal(data(guide, "letsencrypt").AP_CERT_ISSUER_DNS_PROVIDERS, undefined);
  });

  it("sets the HTTP challenge also with DNS-01, and requires its port", function () {
    const dns = render(standIn, { values: { letsEncrypt: { providers: cloudflare } } });
    assert.equal(data(dns, "letsencrypt").AP_CERT_ISSUER_HTTP_CHALLENGE_PORT, "5002");

    const off = render(standIn, { values: acme({ httpChallengePort: 0 }) });
    assert.equal(data(off, "letsencrypt").AP_CERT_ISSUER_HTTP_CHALLENGE_PORT, undefined);
    assert.equal(
      container(off).ports?.find(({ name }) => name === "http-challenge")?.containerPort,
      0,
    );
    const service = find<V1Service>(off, "Service/akash-provider");
    assert.equal(service.spec?.ports?.find(({ port }) => port === 80)?.targetPort, 0);
  });

  it("sets no storage directory, and no directory URL if the value is empty", function () {
    const rendered = template(standIn, { values: acme({ caDirUrl: "" }) });
    assert.doesNotMatch(rendered, /STORAGE_DIR/);
    assert.doesNotMatch(rendered, /AP_CERT_ISSUER_CA_DIR_URL:/);
  });

  it("uses the e-mail address of acme, else the provider's, else none", function () {
    const email = (values: Tree) =>
      data(render(standIn, { values }), "letsencrypt").AP_CERT_ISSUER_EMAIL;
    assert.equal(
      email({ email: "a@example.com", ...acme({ email: "b@example.com" }) }),
      "b@example.com",
    );
    assert.equal(email({ email: "a@example.com" }), "a@example.com");
    assert.equal(email(example), undefined);
  });

  it("renders the credential's Secret from a value", function () {
    const objects = render(standIn, {
      values: { letsEncrypt: { providers: { ...gcp, ...cloudflare } } },
    });
    assert.deepEqual(find<V1Secret>(objects, "Secret/akash-provider-gcp-dns").data, {
      "service-account.json": Buffer.from(credential).toString("base64"),
    });
    assert.deepEqual(find<V1Secret>(objects, "Secret/akash-provider-cloudflare-dns").data, {
      CF_DNS_API_TOKEN: Buffer.from("token").toString("base64"),
    });
    assert.equal(env(objects, "GCE_SERVICE_ACCOUNT_FILE"), "/etc/gcp/service-account.json");
    assert.equal(env(objects, "GCE_PROJECT"), undefined);
  });

  it("restarts the pod only when a script changes", function () {
    const first = annotations(render(standIn));
    assert.deepEqual(Object.keys(first), ["checksum/cm-scripts"]);
    const changes: Tree[] = [
      acme({ caDirUrl: "https://acme-staging-v02.api.letsencrypt.org/directory" }),
      acme({ email: "b@example.com" }),
      { letsEncrypt: { providers: cloudflare } },
      { gatewayApi: { gatewayName: "other" } },
      { bid_timeout: "5m" },
      { key: "AAAA" },
    ];
    for (const values of changes) {
      assert.deepEqual(annotations(render(standIn, { values })), first, JSON.stringify(values));
    }
    assert.notDeepEqual(
      annotations(render(standIn, { values: { bidpricescript: script } })),
      first,
    );
  });

  it("accepts price targets without a script, but still bids by scale", function () {
    const without = render(standIn, { values: targets });
    assert.equal(env(without, "PRICE_TARGET_GPU_MAPPINGS"), "rtx4000=80,*=110");
    assert.equal(env(without, "AKASH_BID_PRICE_STRATEGY"), "scale");
    assert.equal(data(without, "script")["price_script.sh"], undefined);

    const objects = render(standIn, { values: { ...targets, bidpricescript: script } });
    assert.equal(env(objects, "AKASH_BID_PRICE_STRATEGY"), "shellScript");
    assert.equal(data(objects, "script")["price_script.sh"], "#!/bin/bash\necho 1\n");
  });

  it("renders the ConfigMap -pricing for values for which the pod does not read it", function () {
    const objects = render(standIn, { values: { bid_timeout: "5m" } });
    assert.deepEqual(data(objects, "pricing"), { AKASH_BID_TIMEOUT: "5m" });
    assert.deepEqual(
      container(objects).envFrom?.map((source) => source.configMapRef?.name),
      ["akash-provider-main", "akash-provider-letsencrypt"],
    );
  });

  it("leaves the endpoint's price empty in -main", function () {
    const objects = render(standIn);
    assert.equal(data(objects, "main").AKASH_BID_PRICE_ENDPOINT_SCALE, "");
    assert.equal(env(objects, "AKASH_BID_PRICE_ENDPOINT_SCALE"), "1");
  });

  it("passes on the wallet key and the password without encoding them", function () {
    const objects = render(standIn, { values: { key: "-----BEGIN", keysecret: "pass word" } });
    assert.deepEqual(find<V1Secret>(objects, "Secret/akash-provider-keys").data, {
      "key.txt": "-----BEGIN",
      "key-pass.txt": "pass word",
    });
  });

  it("renders an invalid StatefulSet without Let's Encrypt", function () {
    const objects = render(standIn, { values: { letsEncrypt: { enabled: false } } });
    const { env: entries, envFrom } = container(objects);
    assert.equal(entries, undefined);
    assert.deepEqual(
      (envFrom as Tree[] | undefined)?.slice(1).map((source) => source.name),
      ["AP_INGRESS_MODE", "AP_GATEWAY_NAME", "AP_GATEWAY_NAMESPACE", "AP_GATEWAY_IMPLEMENTATION"],
    );
  });

  it("mounts a home claim that does not exist", function () {
    const objects = render(standIn);
    const { volumeClaimTemplates, template: pod } = statefulSet(objects).spec ?? {};
    assert.equal(volumeClaimTemplates?.[0]?.metadata?.name, "home");
    assert.equal(
      pod?.spec?.volumes?.find(({ name }) => name === "home")?.persistentVolumeClaim?.claimName,
      "akash-provider-home",
    );
    assert.ok(![...objects.keys()].some((id) => id.startsWith("PersistentVolumeClaim/")));
  });

  it("writes the scripts' mode as an octal literal", function () {
    assert.match(template(standIn), /defaultMode: 0744\n/);
    const volumes = statefulSet(render(standIn)).spec?.template.spec?.volumes;
    assert.equal(volumes?.find(({ name }) => name === "scripts")?.configMap?.defaultMode, 0o744);
  });

  it("prefers a storage class in the attributes to that of letsEncrypt.storage", function () {
    const letsEncrypt = { storage: { storageClass: "fast" } };
    const of = (values: Tree) => storageClass(render(standIn, { values }));
    assert.equal(of({}), "akash-provider-local-storage");
    assert.equal(of({ letsEncrypt }), "fast");
    assert.equal(of({ letsEncrypt, attributes: persistent(1, "beta3") }), "beta3");
    assert.equal(of({ letsEncrypt, attributes: persistent(1, "beta3", false) }), "fast");
  });

  it("does not read ingress.annotations", function () {
    const objects = render(standIn, {
      values: { gatewayApi: { enabled: false }, ingress: { annotations: { a: "b" } } },
    });
    const ingress = find<V1Ingress>(objects, "Ingress/akash-provider-letsencrypt-challenge");
    assert.deepEqual(ingress.metadata?.annotations ?? {}, {});
    assert.ok(!objects.has("HTTPRoute/akash-provider-letsencrypt-challenge"));
  });

  it("runs the pod as an account that it does not create", function () {
    const objects = render(standIn, { values: { serviceAccount: { name: "issuer" } } });
    assert.equal(statefulSet(objects).spec?.template.spec?.serviceAccountName, "issuer");
    const binding = find<V1ClusterRoleBinding>(objects, "ClusterRoleBinding/akash-provider-admin");
    assert.equal(binding.subjects?.[0]?.name, "akash-provider");
    assert.ok(objects.has("ServiceAccount/akash-provider"));
    assert.ok(!objects.has("ServiceAccount/issuer"));
  });

  it("prints the final command with the issuer's flags", function () {
    assert.equal(
      finalCommand(standIn, {
        AP_CERT_ISSUER_ENABLED: "true",
        AP_CERT_ISSUER_EMAIL: "a@example.com",
        AP_CERT_ISSUER_HTTP_CHALLENGE_PORT: "5002",
      }),
      "Final command: /usr/bin/provider-services run --cert-issuer-enabled=true" +
        " --cert-issuer-email=a@example.com --cert-issuer-http-challenge-port=5002",
    );
  });
});

// Without the published chart, there is nothing to compare, so the tests are omitted rather than skipped.
const describeWhere = published === "" ? () => undefined : describe;

describeWhere("stand-in chart: equal to the published chart 19.0.2", function () {
  this.timeout(60_000);

  before(function () {
    if (helm === "") this.skip();
    const { version } = parse(
      execFileSync(helm, ["show", "chart", published], { encoding: "utf8" }),
    ) as Tree;
    if (version !== "19.0.2") this.skip();
  });

  const cases: Record<string, Case> = {
    "the required values": {},
    "no value at all": { values: { from: null, key: null, keysecret: null, domain: null } },
    "the guide's example": { values: example },
    "Google Cloud": { values: { letsEncrypt: { providers: gcp } } },
    Cloudflare: { values: { letsEncrypt: { providers: cloudflare } } },
    "both DNS providers": { values: { letsEncrypt: { providers: { ...gcp, ...cloudflare } } } },
    "DNS providers with empty credentials": {
      values: {
        letsEncrypt: {
          providers: { cloudflare: { enabled: true }, googleCloud: { enabled: true } },
        },
      },
    },
    "DNS providers as in the guide": {
      values: { letsEncrypt: { dns: { providers: ["cf"] }, providers: cloudflare } },
    },
    "e-mail of the provider": { values: { email: "a@example.com" } },
    "e-mail of acme": { values: acme({ email: "b@example.com" }) },
    "both e-mails": { values: { email: "a@example.com", ...acme({ email: "b@example.com" }) } },
    "empty directory URL": { values: acme({ caDirUrl: "" }) },
    "another directory URL": { values: acme({ caDirUrl: "https://localhost:14000/dir" }) },
    "no HTTP challenge port": { values: acme({ httpChallengePort: 0 }) },
    "null HTTP challenge port": { values: acme({ httpChallengePort: null }) },
    "without Let's Encrypt": { values: { letsEncrypt: { enabled: false } } },
    "without Let's Encrypt, with credentials": {
      values: { letsEncrypt: { enabled: false, providers: { ...gcp, ...cloudflare } } },
    },
    "without Let's Encrypt, with price targets": {
      values: { letsEncrypt: { enabled: false }, bidpricescript: script, ...targets },
    },
    Ingress: { values: { gatewayApi: { enabled: false } } },
    "Ingress without Let's Encrypt": {
      values: { gatewayApi: { enabled: false }, letsEncrypt: { enabled: false } },
    },
    "Ingress with class and annotations": {
      values: {
        gatewayApi: { enabled: false },
        ingress: { className: "", annotations: { "example.com/a": "b" } },
      },
    },
    "another Gateway": {
      values: {
        gatewayApi: { gatewayName: "edge", gatewayNamespace: "", implementation: "other" },
      },
    },
    "price targets": { values: targets },
    "price targets with a script": { values: { ...targets, bidpricescript: script } },
    "a script alone": { values: { bidpricescript: script } },
    "white list and debug": {
      values: { whitelist_url: "https://example.com/list", debug_bid_script: true },
    },
    "zero as a price target": { values: { price_target_cpu: 0, price_target_ip: "0" } },
    "large numbers": {
      values: {
        price_target_ip: 12000000,
        minimumbalance: 10000000,
        cluster_node_port_quantity: 5,
      },
      args: ["--set", "bidmindeposit=25000000", "--set", "price_target_cpu=12000000"],
    },
    "pricing that the pod does not read": {
      values: {
        bid_deposit: "1uakt",
        bid_timeout: "5m",
        manifest_timeout: "6m",
        balances_period: "7m",
        query_timeout: "8m",
        lease_funds_monitor_interval: "9m",
        withdrawal_period: "10m",
        bid_price_cpu: 1,
        bid_price_memory: 2,
        bid_price_storage: 3,
        deployment_runtime_class: "gvisor",
        cluster_storage_class: "beta2",
        deployment_ingress_domain_config_secret_name: "name",
        authpem: "pem",
        biddepositcpudenom: "a",
        biddepositmemorydenom: "b",
        biddepositendpointdenom: "c",
        biddepositipdenom: "d",
        biddepositstoragedenoms: "e",
        resourcedefinition: "f",
      },
    },
    "scales, gas and overcommit": {
      values: {
        bidpricecpuscale: "0.1",
        bidpricememoryscale: 0.2,
        bidpriceendpointscale: 3,
        bidpricendpointscale: 4,
        bidpricestoragescale: "0.5,beta3=0.6",
        bidpriceipscale: null,
        gas: 200000,
        gasprices: "0.03uakt",
        gasadjustment: 2,
        overcommit_pct_cpu: 10,
        overcommit_pct_mem: 20.5,
        overcommit_pct_storage: "30",
      },
    },
    "the provider's other settings": {
      values: {
        home: "/home/akash",
        keyringbackend: "file",
        debug: true,
        ipoperator: true,
        deploymentnetworkpoliciesenabled: "true",
        withdrawalperiod: "12h",
        reclamationWindow: "24h",
        tx_broadcast_timeout: "90s",
        minimumbalance: 5,
      },
    },
    monitor: { values: { monitor: { maxRetries: 0, retryPeriod: "1s", healthcheckPeriod: null } } },
    "monitor without retries": { values: { monitor: { maxRetries: null } } },
    "no monitor": { values: { monitor: null } },
    attestation: { values: { attestation: { enabled: true } } },
    "attestation by its other name": {
      values: {
        attestation: { webhookEnabled: true, webhookPort: 9444, sidecarImage: { tag: "1" } },
      },
    },
    "the pod's settings": {
      values: {
        image: { repository: "registry.example.com/provider", tag: "1.2.3", pullPolicy: "Always" },
        imagePullSecrets: [{ name: "registry" }],
        resources: { requests: { cpu: "10m" } },
        podSecurityContext: { fsGroup: 1000 },
        securityContext: { runAsUser: 1000, capabilities: { drop: ["ALL"] } },
        nodeSelector: { "akash.network/role": "provider" },
        tolerations: [{ key: "a", operator: "Exists" }],
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } },
        storage: { home: { size: "1Gi", accessMode: "ReadWriteMany" } },
      },
    },
    "no resources": { values: { resources: null } },
    "an account of another name": {
      values: {
        serviceAccount: {
          name: "issuer",
          annotations: { "iam.gke.io/gcp-service-account": "a@b" },
        },
      },
    },
    "no account": { values: { serviceAccount: { create: false } } },
    "an account created elsewhere": {
      values: { serviceAccount: { create: false, name: "issuer" } },
    },
    "storage class of letsEncrypt": {
      values: { letsEncrypt: { storage: { storageClass: "fast" } } },
    },
    "storage class of the attributes": {
      values: {
        letsEncrypt: { storage: { storageClass: "fast" } },
        attributes: persistent(1, "beta3", "true"),
      },
    },
    "two persistent storage classes": {
      values: { attributes: [...persistent(2, "beta3"), ...persistent(1, "beta2")] },
    },
    "storage that is not persistent": {
      values: { attributes: [...persistent(1, "beta3"), ...persistent(2, "default", false)] },
    },
    "persistent storage without a class": {
      values: {
        attributes: [
          ...persistent(1, "beta3"),
          { key: "capabilities/storage/2/persistent", value: true },
        ],
      },
    },
    "release akash": { release: "akash", values: { letsEncrypt: { providers: gcp } } },
    "release staging": { release: "staging", namespace: "elsewhere", values: targets },
    "release with the chart's name inside": { release: "my-provider-2" },
    "a long release name": { release: "a".repeat(53) },
    fullnameOverride: {
      values: { fullnameOverride: "edge", letsEncrypt: { providers: { ...gcp, ...cloudflare } } },
    },
    "a long fullnameOverride": { values: { fullnameOverride: `${"b".repeat(62)}-c` } },
    nameOverride: { values: { nameOverride: "edge" } },
  };

  for (const [title, what] of Object.entries(cases)) {
    it(title, function () {
      const theirs = comparable(render(published, what));
      const ours = comparable(render(standIn, what));
      assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
      for (const [id, object] of theirs) assert.deepEqual(ours.get(id), object, id);
    });
  }

  const refused: Record<string, Case> = {
    "a Gateway without a name": { values: { gatewayApi: { gatewayName: "" } } },
    "a line break in a value": { values: { price_target_gpu_mappings: "rtx4000=80,\n*=110\n" } },
    "a quote in a value": { values: { price_target_gpu_mappings: '"*"' } },
    "Google Cloud without a service account": {
      values: {
        letsEncrypt: { providers: { googleCloud: { enabled: true, serviceAccount: null } } },
      },
    },
  };
  for (const [title, what] of Object.entries(refused)) {
    it(`refuses ${title}`, function () {
      assert.throws(() => render(published, what));
      assert.throws(() => render(standIn, what));
    });
  }

  it("has the same values with the same defaults", function () {
    const defaults = (chart: string) =>
      parse(execFileSync(helm, ["show", "values", chart], { encoding: "utf8" })) as Tree;
    assert.deepEqual(defaults(standIn), defaults(published));
  });

  it("restarts the pod for the same values", function () {
    const changes: Record<string, Tree> = {
      from: { from: "other" },
      domain: { domain: "example.org" },
      email: { email: "a@example.com" },
      website: { website: "https://example.com" },
      attributes: { attributes: [{ key: "region", value: "us-east" }] },
      bidpricescript: { bidpricescript: script },
      fullnameOverride: { fullnameOverride: "edge" },
      node: { node: "https://rpc.example.com:443" },
      home: { home: "/home/akash" },
      key: { key: "AAAA" },
      targets,
      acme: acme({ email: "b@example.com", caDirUrl: "https://localhost:14000/dir" }),
      dns: { letsEncrypt: { providers: { ...gcp, ...cloudflare } } },
      gateway: { gatewayApi: { enabled: false } },
    };
    const rolls = (chart: string) => {
      const sum = (values: Tree) => {
        for (const [id, object] of render(chart, { values })) {
          if (id.startsWith("StatefulSet/")) {
            return (object as V1StatefulSet).spec?.template.metadata?.annotations?.[
              "checksum/cm-scripts"
            ];
          }
        }
        return assert.fail("no StatefulSet");
      };
      const first = sum({});
      return Object.keys(changes).filter((title) => sum(changes[title] ?? {}) !== first);
    };
    assert.deepEqual(rolls(standIn), rolls(published));
  });

  it("prints the same final command", function () {
    const dnsOnly = {
      AP_CERT_ISSUER_ENABLED: "true",
      AP_CERT_ISSUER_EMAIL: "a@example.com",
      AP_CERT_ISSUER_CA_DIR_URL: "https://localhost:14000/dir",
      AP_CERT_ISSUER_DNS_PROVIDERS: "gcloud",
      AP_CERT_ISSUER_STORAGE_DIR: "/root/.akash/elsewhere",
    };
    const settings = { ...dnsOnly, AP_CERT_ISSUER_HTTP_CHALLENGE_PORT: "5002" };
    for (const environment of [
      {},
      settings,
      dnsOnly,
      { ...settings, AP_CERT_ISSUER_ENABLED: "false" },
      { AP_CERT_ISSUER_ENABLED: "true" },
    ]) {
      assert.equal(finalCommand(standIn, environment), finalCommand(published, environment));
    }
  });
});

/**
 * The command that `run.sh` prints. The programs that the script calls are stubs, and there is no provider to
 * start.
 */
function finalCommand(chart: string, environment: Record<string, string>): string | undefined {
  const stubs = "curl() { :; }; jq() { :; }; awk() { :; }; bc() { :; }\n";
  const { stdout } = spawnSync(
    "bash",
    ["-c", stubs + (data(render(chart), "script")["run.sh"] ?? "")],
    {
      env: { PATH: process.env.PATH ?? "", ...environment },
      encoding: "utf8",
    },
  );
  return stdout.split("\n").find((line) => line.startsWith("Final command:"));
}

/** The objects without the permitted differences: the chart's label, the bodies of its scripts and their checksum. */
function comparable(objects: Map<string, KubernetesObject>): Map<string, KubernetesObject> {
  for (const [id, object] of objects) {
    const labels = object.metadata?.labels;
    if (labels?.["helm.sh/chart"] !== undefined) {
      assert.match(labels["helm.sh/chart"], /^provider-19\.0\.2(_sandbox)?$/);
      labels["helm.sh/chart"] = "";
    }
    if (id.startsWith("StatefulSet/")) {
      const metadata = (object as V1StatefulSet).spec?.template.metadata;
      assert.match(metadata?.annotations?.["checksum/cm-scripts"] ?? "", /^[0-9a-f]{64}$/);
      delete metadata?.annotations?.["checksum/cm-scripts"];
    }
    const scripts = (object as V1ConfigMap).data;
    if (/^ConfigMap\/.*-script$/.test(id) && scripts !== undefined) {
      for (const name of Object.keys(scripts)) {
        if (name !== "price_script.sh") scripts[name] = "";
      }
    }
  }
  return objects;
}
