import assert from "node:assert/strict";
import type { V1ResourceAttributes } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { issuerName } from "../../../components/ingressCertificate/certManager.ts";
import { webhookRefusal } from "../../../components/ingressCertificate/webhook.ts";
import {
  ingressPlace,
  type IngressPlaceArgs,
} from "../../../components/ingressCertificate/place.ts";
import {
  refuseUnusableIngress,
  type IngressCluster,
} from "../../../components/ingressCertificate/preconditions.ts";
import {
  ArgumentError,
  CloudflareDnsCredential,
  GcpDnsCredential,
  IngressCertificate,
  ingressConsumer,
  providerConsumer,
  type Cluster,
  type DnsCredential,
  type IngressCertificateArgs,
} from "../../../components/index.ts";
import { cloudflareArguments, find, googleArguments, run } from "../../support/components.ts";
import { runProgram } from "../../support/mocks.ts";
import { warningsOf } from "../../support/warnings.ts";

const domain = "example.com";
const directoryUrl = "https://acme-v02.api.letsencrypt.org/directory";
const credentialSecret = "wildcard-cloudflare-dns";

/** The required arguments of an IngressCertificate. */
function least(cluster: Cluster): Omit<IngressCertificateArgs, "credential"> {
  return { cluster, domain, directoryUrl, email: "operator@example.com" };
}

function cloudflare(cluster: Cluster, place: IngressPlaceArgs = { domain }): DnsCredential {
  return new CloudflareDnsCredential("dns", {
    ...cloudflareArguments(cluster),
    consumers: [
      providerConsumer({ dnsProvider: "cloudflare" }),
      ingressConsumer({ dnsProvider: "cloudflare", ...place }),
    ],
  });
}

describe("IngressCertificate", () => {
  interface Inputs {
    readonly spec: Readonly<Record<string, unknown>>;
    readonly metadata: { readonly name: string; readonly namespace: string };
  }

  function made(name: string, args: Partial<IngressCertificateArgs> = {}) {
    return run((cluster) => {
      const credential = args.credential ?? cloudflare(cluster, { ...args, domain });
      void new IngressCertificate("x", { ...least(cluster), credential, ...args });
      return undefined;
    }).then((program) => find(program, name).inputs as Inputs);
  }

  it("orders only the wildcard, for the Secret of Akash's gateway chart, with a new key each time", async () => {
    const { metadata, spec } = await made("x-certificate");
    assert.deepEqual([metadata.namespace, metadata.name], ["akash-gateway", "wildcard-ingress"]);
    assert.equal(spec.secretName, "wildcard-ingress-tls");
    assert.deepEqual(spec.dnsNames, ["*.ingress.example.com"]);
    assert.deepEqual(spec.privateKey, { rotationPolicy: "Always" });
  });

  it("adds names once, in ASCII", async () => {
    const { spec } = await made("x-certificate", {
      names: ["*.example.com", "*.ingress.example.com", "*.bücher.example.com"],
    });
    assert.deepEqual(spec.dnsNames, [
      "*.ingress.example.com",
      "*.example.com",
      "*.xn--bcher-kva.example.com",
    ]);
  });

  it("has all objects in the configured namespace", async () => {
    const program = await run((cluster) => {
      const credential = cloudflare(cluster, { domain, namespace: "tenants" });
      void new IngressCertificate("x", { ...least(cluster), credential, namespace: "tenants" });
      return undefined;
    });
    for (const name of ["x-certificate", "x-issuer", "x-dns-credential"]) {
      assert.equal((find(program, name).inputs as Inputs).metadata.namespace, "tenants", name);
    }
  });

  it("configures cert-manager's solver with the credential", async () => {
    const { metadata, spec } = await made("x-issuer");
    assert.equal(metadata.name, issuerName("home", directoryUrl));
    assert.deepEqual(spec, {
      acme: {
        server: directoryUrl,
        email: "operator@example.com",
        privateKeySecretRef: { name: `${metadata.name}-account-key` },
        solvers: [
          {
            dns01: {
              cloudflare: { apiTokenSecretRef: { name: credentialSecret, key: "api-token" } },
            },
          },
        ],
      },
    });
  });

  it("names Google's managed zone, so that a grant on it suffices", async () => {
    const program = await run((cluster) => {
      const credential = new GcpDnsCredential("dns", {
        ...googleArguments(cluster),
        consumers: [ingressConsumer({ dnsProvider: "googleCloud", domain })],
      });
      void new IngressCertificate("x", { ...least(cluster), credential });
      return undefined;
    });
    assert.deepEqual((find(program, "x-issuer").inputs as { readonly spec: unknown }).spec, {
      acme: {
        server: directoryUrl,
        email: "operator@example.com",
        privateKeySecretRef: { name: `${issuerName("home", directoryUrl)}-account-key` },
        solvers: [
          {
            dns01: {
              cloudDNS: {
                project: "dns-project",
                hostedZoneName: "example-com",
                serviceAccountSecretRef: { name: "wildcard-gcp-dns", key: "key.json" },
              },
            },
          },
        ],
      },
    });
  });

  it("gives the Issuer of another CA another name, so that cert-manager orders a new certificate", () => {
    const staging = "https://acme-staging-v02.api.letsencrypt.org/directory";
    assert.notEqual(issuerName("prod", directoryUrl), issuerName("prod", staging));
    for (const stack of ["prod", "Prod_EU.1", "x".repeat(300)]) {
      assert.match(issuerName(stack, directoryUrl), /^letsencrypt-[a-z0-9-]{1,63}-[0-9a-f]{8}$/);
    }
  });

  it("gives the Issuers of two stacks different names, and keeps those of DNS labels", () => {
    const stacks = ["a-b", "a_b", "a.b", "A-B", "-a-b", "a-b-", "x".repeat(63), "x".repeat(64)];
    const names = stacks.map((stack) => issuerName(stack, directoryUrl));
    assert.equal(new Set(names).size, stacks.length, names.join());
    // As in the stacks that are deployed.
    assert.equal(names[0], "letsencrypt-a-b-5e76d315");
    assert.notEqual(issuerName("a_b", directoryUrl), issuerName("a_b", `${directoryUrl}/other`));
  });

  it("explains why the API server refuses an object if cert-manager's webhook does not respond", async () => {
    const program = await run((cluster) => {
      void new IngressCertificate("x", { ...least(cluster), credential: cloudflare(cluster) });
      return undefined;
    });
    for (const name of ["x-certificate", "x-issuer"]) {
      const { hooks } = find(program, name).options as { readonly hooks: { readonly onError: [] } };
      assert.deepEqual(hooks.onError, ["x-webhook-failure"]);
    }
    const call =
      'failed calling webhook "webhook.cert-manager.io": failed to call webhook: Post "https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s": ';
    for (const reason of [
      'no endpoints available for service "cert-manager-webhook"',
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
    ]) {
      const text =
        webhookRefusal(
          `resource x was not created: Internal error occurred: ${call}${reason}`,
          { kubeContext: "prod" },
          "home",
        ) ?? "";
      assert(text.includes(`${reason}). The webhook is ready`), text);
      assert.match(
        text,
        /: kubectl --context prod get deployments -A -l app\.kubernetes\.io\/instance=cert-manager\n.*: pulumi up -s home$/,
      );
    }
    assert.match(
      webhookRefusal(
        'no endpoints available for service "cert-manager-webhook"\u001b\nmore',
        {},
        "a",
      ) ?? "",
      /does not respond \(no endpoints available for service "cert-manager-webhook"\)/,
    );
    for (const other of [
      'failed calling webhook "pods.example.test": EOF',
      'admission webhook "webhook.cert-manager.io" denied the request: spec.x: Required value',
    ]) {
      assert.equal(webhookRefusal(other, {}, "home"), undefined);
    }
  });

  it("keeps the credential secret", async () => {
    const program = await run((cluster) => {
      void new IngressCertificate("x", { ...least(cluster), credential: cloudflare(cluster) });
      return undefined;
    });
    const { data } = find(program, "x-dns-credential").inputs as { readonly data: object };
    assert.deepEqual(Object.keys(data), ["secret"]);
  });

  describe("refuses", () => {
    async function refused(args: Record<string, unknown>, property: string, reason: RegExp) {
      await run((cluster) => {
        assert.throws(
          () =>
            new IngressCertificate("x", {
              ...least(cluster),
              credential: cloudflare(cluster),
              ...args,
            }),
          (error: unknown) => {
            assert(error instanceof ArgumentError, String(error));
            assert.equal(error.property, property);
            assert.match(error.message, reason);
            return true;
          },
        );
        return undefined;
      });
    }

    it("a credential without this consumer", () =>
      refused({ namespace: "elsewhere" }, "credential", /add ingressConsumer/));
    it("a credential without content, as on GKE", () =>
      refused(
        { credential: { dnsProvider: "googleCloud", content: undefined } },
        "credential",
        /no content/,
      ));
    it("invalid names", async () => {
      await refused({ names: ["*.example.com", "a b"] }, "names[1]", /is not a DNS name/);
      await refused({ secretName: "A" }, "secretName", /is not a DNS label/);
      await refused({ domain: undefined }, "domain", /is missing/);
      await refused({ directoryUrl: "" }, "directoryUrl", /is empty/);
      await refused({ credential: undefined }, "credential", /is missing/);
    });
  });
});

/** A cluster with objects, by plural or `plural/name`. */
interface Objects {
  /** Versions of cert-manager's types. Default: v1. */
  readonly versions?: readonly string[];
  readonly certificates?: readonly object[];
  readonly ingresses?: readonly object[];
  readonly gateways?: readonly { readonly metadata: { readonly name: string } }[];
  readonly referencegrants?: readonly object[];
  readonly credential?: object;
  /** Whether an action is permitted. Default: all are. */
  readonly allows?: (attributes: V1ResourceAttributes) => boolean | Error;
}

const missing = () => Promise.reject(Object.assign(new Error("HTTP-Code: 404"), { code: 404 }));

function clusterWith(objects: Objects): IngressCluster {
  const { versions = ["v1"], credential } = objects;
  const list = (plural: string) =>
    ((objects as Readonly<Record<string, unknown>>)[plural] ?? []) as readonly {
      readonly metadata: { readonly name: string };
    }[];
  return {
    context: "prod",
    kubeconfigPath: undefined,
    access: () =>
      Promise.resolve({
        server: "https://cluster.test",
        user: () => Promise.resolve("jane"),
        allows: (attributes: V1ResourceAttributes) => {
          const answer = objects.allows?.(attributes) ?? true;
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
      }),
    coreApi: () =>
      Promise.resolve({
        readNamespacedSecret: () =>
          credential === undefined ? missing() : Promise.resolve({ metadata: credential }),
      }),
    apisApi: () =>
      Promise.resolve({
        getAPIVersions: () =>
          Promise.resolve({
            groups:
              versions.length === 0
                ? []
                : [{ name: "cert-manager.io", versions: versions.map((version) => ({ version })) }],
          }),
      }),
    customObjectsApi: () =>
      Promise.resolve({
        getAPIResources: ({ version }: { readonly version: string }) =>
          versions.includes(version)
            ? Promise.resolve({ resources: [{ name: "certificates" }, { name: "issuers" }] })
            : missing(),
        listNamespacedCustomObject: ({ plural, version }: { plural: string; version: string }) =>
          plural === "referencegrants" && version === "v1"
            ? missing()
            : Promise.resolve({ items: list(plural) }),
        getNamespacedCustomObject: ({ plural, name }: { plural: string; name: string }) => {
          const found = list(plural).find(({ metadata }) => metadata.name === name);
          return found === undefined ? missing() : Promise.resolve(found);
        },
      }),
  } as unknown as IngressCluster;
}

const gateway = (reference: object | undefined, more: object = {}) => ({
  metadata: { name: "akash-gateway" },
  spec: {
    listeners: [
      { name: "http", port: 80 },
      {
        name: "https-wildcard",
        hostname: "*.ingress.example.com",
        tls: { certificateRefs: reference === undefined ? [] : [reference] },
        ...more,
      },
    ],
  },
});
const served = gateway({ name: "wildcard-ingress-tls" });

describe("before the creation of a wildcard certificate", () => {
  before(() => runProgram("home", () => ({})));

  async function warnings(objects: Objects, args: Partial<IngressPlaceArgs> = {}) {
    return warningsOf(() =>
      refuseUnusableIngress(
        clusterWith(objects),
        ingressPlace({ domain, ...args }),
        credentialSecret,
      ),
    );
  }

  async function refusal(objects: Objects, args: Partial<IngressPlaceArgs> = {}): Promise<string> {
    try {
      await warnings(objects, args);
    } catch (error) {
      assert(error instanceof pulumi.RunError, String(error));
      assert.match(error.message, /\n {6}\S.*\nNothing was changed\.$/);
      return error.message;
    }
    return assert.fail("nothing is refused");
  }

  it("nothing is reported for a valid configuration", async () => {
    assert.deepEqual(await warnings({ gateways: [served] }), []);
  });

  it("missing permissions are refused, with the commands that grant them", async () => {
    const allows = ({ name, resource, verb }: V1ResourceAttributes) =>
      verb !== "*" &&
      !(resource === "certificates" && verb === "patch") &&
      !(resource === "secrets" && verb === "get" && name === credentialSecret) &&
      resource !== "namespaces";
    await assert.rejects(warnings({ allows, gateways: [served] }), (error) => {
      assert(error instanceof pulumi.RunError, String(error));
      assert(
        error.message.startsWith(
          "The identity that runs Pulumi (jane) lacks permissions in the cluster https://cluster.test: in the namespace akash-gateway " +
            `get on secrets ${credentialSecret}; patch on certificates.cert-manager.io; ` +
            "in the whole cluster get, patch on namespaces akash-gateway. ",
        ),
        error.message,
      );
      assert.match(
        error.message,
        /\n {6}sed 's\/NAMESPACE\/akash-gateway\/g; s\/SECRET\/wildcard-ingress-tls\/g' docs\/kubernetes\/wildcard-rights\.yaml \| kubectl apply -f -\n/,
      );
      assert.match(error.message, / --role=wildcard-pulumi --user=jane /);
      assert.match(error.message, / --clusterrole=akash-gateway-wildcard-pulumi --user=jane /);
      return true;
    });
  });

  it("permissions that the cluster does not report are left to the attempt", async () => {
    const allows = ({ verb }: V1ResourceAttributes) => verb !== "*" && new Error("forbidden");
    assert.deepEqual(await warnings({ allows, gateways: [served] }), []);
  });

  it("a cluster without cert-manager is refused, with the command that installs it", async () => {
    const message = await refusal({ versions: [] });
    assert.match(
      message,
      /\*\.ingress\.example\.com needs cert-manager, which the cluster does not have/,
    );
    assert.match(
      message,
      /helm --kube-context prod -n cert-manager install cert-manager oci:\/\/quay\.io\/jetstack\/charts\/cert-manager --version v\d\S+ --create-namespace --set crds\.enabled=true/,
    );
  });

  it("a cluster whose cert-manager serves another version is refused", async () => {
    const message = await refusal({ versions: ["v1alpha2", "v1beta1"] });
    assert.match(
      message,
      /with Certificates and Issuers in v1, but .* in the version v1alpha2, v1beta1\. Upgrade/,
    );
    assert.match(message, / upgrade --install cert-manager /);
  });

  describe("another owner's Certificate for the same Secret is refused, with", () => {
    const theirs = {
      metadata: { name: "wildcard-https" },
      spec: {
        secretName: "wildcard-ingress-tls",
        dnsNames: ["*.example.com", "*.ingress.example.com"],
      },
    };
    const remove =
      "kubectl --context prod -n akash-gateway delete certificates.cert-manager.io wildcard-https --cascade=orphan --ignore-not-found";

    it("the commands that hand over the Secret, with the Certificate's names", async () => {
      const message = await refusal({ certificates: [theirs], gateways: [served] });
      assert(
        message.includes(
          `pulumi config set -s home --path 'wildcard.names[0]' '*.example.com' && ${remove}`,
        ),
        message,
      );
    });

    it("no names to add if this stack's Certificate has them", async () => {
      const message = await refusal({ certificates: [theirs] }, { names: ["*.example.com"] });
      assert(message.includes(`\n      ${remove}\n`), message);
    });

    it("the other stack, if a stack owns it", async () => {
      const annotations = {
        "akash-provider-letsencrypt/stack": "akash-provider-letsencrypt/other",
      };
      const message = await refusal({
        certificates: [{ ...theirs, metadata: { name: "wildcard-ingress", annotations } }],
      });
      assert.match(message, /pulumi config rm -s other wildcard && pulumi up -s other\n/);
    });

    it("the Secret that it fills, if only its name is the same", async () => {
      const other = { metadata: { name: "wildcard-ingress" }, spec: { secretName: "other-tls" } };
      assert.match(await refusal({ certificates: [other] }), /fills the Secret other-tls/);
    });
  });

  it("this stack's own Certificate is accepted, and one for another Secret", async () => {
    const annotations = { "akash-provider-letsencrypt/stack": "akash-provider-letsencrypt/home" };
    const certificates = [
      {
        metadata: { name: "wildcard-ingress", annotations },
        spec: { secretName: "wildcard-ingress-tls" },
      },
      { metadata: { name: "shop" }, spec: { secretName: "shop-tls" } },
    ];
    assert.deepEqual(await warnings({ certificates, gateways: [served] }), []);
  });

  it("an Ingress or a Gateway for which cert-manager fills the Secret is refused", async () => {
    const annotations = { "cert-manager.io/cluster-issuer": "letsencrypt-prod" };
    const ingress = {
      metadata: { name: "tenants", annotations },
      spec: { tls: [{ secretName: "wildcard-ingress-tls" }] },
    };
    assert.match(
      await refusal({ ingresses: [ingress] }),
      /annotate ingresses tenants cert-manager\.io\/cluster-issuer- && kubectl .* delete certificates\.cert-manager\.io wildcard-ingress-tls --cascade=orphan/,
    );
    const annotated = { ...served, metadata: { name: "akash-gateway", annotations } };
    assert.match(await refusal({ gateways: [annotated] }), /annotate gateways akash-gateway /);
    for (const [value, isRefused] of [
      ["true", true],
      ["false", false],
    ] as const) {
      const byDefault = {
        ...ingress,
        metadata: { name: "tenants", annotations: { "kubernetes.io/tls-acme": value } },
      };
      const objects = { ingresses: [byDefault], gateways: [served] };
      if (isRefused) {
        assert.match(
          await refusal(objects),
          /annotate ingresses tenants kubernetes\.io\/tls-acme- /,
        );
      } else {
        assert.deepEqual(await warnings(objects), []);
      }
    }
    const other = { ...ingress, spec: { tls: [{ secretName: "shop-tls" }] } };
    assert.deepEqual(await warnings({ ingresses: [other], gateways: [served] }), []);
  });

  it("another owner's Secret with the credential's name is refused", async () => {
    assert.match(
      await refusal({ credential: {} }),
      /kubectl --context prod -n akash-gateway delete secret wildcard-cloudflare-dns\n/,
    );
  });

  it("a listener for another Secret is refused, with the matching settings", async () => {
    assert.match(
      await refusal({ gateways: [gateway({ name: "other-tls", namespace: "certificates" })] }),
      /pulumi config set -s home --path wildcard\.secretName other-tls && pulumi config set -s home --path wildcard\.namespace certificates\n/,
    );
    assert.match(await refusal({ gateways: [gateway(undefined)] }), /edit gateways akash-gateway/);
  });

  it("the host's listener with TLS takes precedence over the one with Akash's name", async () => {
    const [, wildcard] = served.spec.listeners;
    const redirect = { ...wildcard, name: "http-wildcard", protocol: "HTTP", tls: undefined };
    const other = {
      ...wildcard,
      hostname: "*.ingress.example.net",
      tls: { certificateRefs: [{ name: "other-tls" }] },
    };
    const own = { ...wildcard, name: "https-own", protocol: "HTTPS" };
    const listeners = [redirect, other, own];
    const shared = { metadata: { name: "akash-gateway" }, spec: { listeners } };
    assert.deepEqual(await warnings({ gateways: [shared] }), []);
  });

  it("a Gateway in another namespace needs a ReferenceGrant", async () => {
    const args = { namespace: "certificates" };
    const gateways = [gateway({ name: "wildcard-ingress-tls", namespace: "certificates" })];
    const message = await refusal({ gateways }, args);
    const [, manifest = ""] =
      /echo '(\{.*\})' \| kubectl --context prod apply -f -/.exec(message) ?? [];
    const grant = JSON.parse(manifest) as { readonly apiVersion: string };
    assert.equal(grant.apiVersion, "gateway.networking.k8s.io/v1beta1");
    // The command creates the required grant.
    assert.deepEqual(await warnings({ gateways, referencegrants: [grant] }, args), []);
    const other = {
      spec: { from: [{ kind: "Gateway", namespace: "x" }], to: [{ kind: "Secret" }] },
    };
    await refusal({ gateways, referencegrants: [other] }, args);
  });

  it("a Gateway that does not exist, or has no such listener, causes a warning", async () => {
    assert.match(
      (await warnings({})).join(),
      /The Gateway akash-gateway in namespace akash-gateway does not exist yet/,
    );
    const plain = { metadata: { name: "akash-gateway" }, spec: { listeners: [] } };
    assert.match(
      (await warnings({ gateways: [plain] })).join(),
      /has no listener for \*\.ingress\.example\.com/,
    );
  });

  it("no Gateway is checked if an Ingress serves the tenants", async () => {
    assert.deepEqual(await warnings({}, { gateway: false }), []);
  });
});
