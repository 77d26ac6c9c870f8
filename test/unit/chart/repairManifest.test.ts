import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { objectsIn, parseManifest, type KubernetesObject } from "../../../chart/manifest.ts";
import { configMapData, podTemplate } from "../../../chart/objects.ts";
import { repairsVersion, type Parameters } from "../../../chart/parameters.ts";
import { releaseNames } from "../../../chart/release.ts";
import { repairManifest } from "../../../chart/repairManifest.ts";
import { repairs, repairsFor } from "../../../chart/repairs.ts";
import {
  chartManifest,
  cloudflareDns01,
  googleCloudDns01,
  http01,
  type ChartManifestOptions,
} from "../../support/manifest.ts";

const names = releaseNames("akash-provider");

function repairedObjects(options: ChartManifestOptions = {}): readonly KubernetesObject[] {
  return objectsIn(parseManifest(repairManifest(chartManifest(options))));
}

function issuerSettings(options: ChartManifestOptions = {}): Readonly<Record<string, string>> {
  return configMapData(repairedObjects(options), names.letsEncryptConfigMap) ?? {};
}

function podAnnotations(options: ChartManifestOptions = {}): Readonly<Record<string, string>> {
  return podTemplate(repairedObjects(options), names)?.metadata?.annotations ?? {};
}

function document(manifest: string, kind: string, name: string): string | undefined {
  return parseManifest(manifest).find(
    ({ object }) => object?.kind === kind && object.metadata?.name === name,
  )?.text;
}

describe("repaired manifest", () => {
  it("keeps documents without repairs byte for byte", () => {
    const manifest = chartManifest();
    for (const [kind, name] of [
      ["ServiceAccount", "akash-provider"],
      ["ConfigMap", "akash-provider-main"],
      ["Service", "akash-provider"],
    ] as const) {
      const original = document(manifest, kind, name);
      assert(original !== undefined);
      assert.equal(document(repairManifest(manifest), kind, name), original);
    }
  });

  it("keeps the template's name above a document that it changes", () => {
    const text = document(repairManifest(chartManifest()), "StatefulSet", "akash-provider");
    assert.match(text ?? "", /# Source: provider\/templates\/statefulset\.yaml/);
  });

  it("reads octal modes as Helm does", () => {
    const volumes = podTemplate(repairedObjects(), names)?.spec.volumes;
    const scripts = volumes?.find(({ name }) => name === "scripts");
    assert.deepEqual(scripts, {
      name: "scripts",
      configMap: { name: "akash-provider-script", defaultMode: 0o744 },
    });
  });

  it("keeps an annotation that is a time or a date without quotes, in a repaired object", () => {
    for (const text of ["22:30", "+05:30", "190:20:30", "2024-01-15", "2024-01-15T10:00:00Z"]) {
      const annotations = podAnnotations({ podAnnotations: [`example.com/window: ${text}`] });
      assert.equal(annotations["example.com/window"], text);
    }
  });

  it("keeps the digits of a number that no double can represent", () => {
    const manifest = chartManifest({ podAnnotations: ["example.com/id: 18446744073709551615"] });
    assert.match(repairManifest(manifest), /example\.com\/id: 18446744073709551615\n/);
  });

  it("names the document and the error where the chart renders invalid YAML", () => {
    for (const line of ["a: *nowhere", "a: [", "<<: 1"]) {
      assert.throws(() => repairManifest(chartManifest({ podAnnotations: [line] })), {
        message:
          /^the chart rendered invalid YAML \(# Source: provider\/templates\/statefulset\.yaml\): [^\n]+$/,
      });
    }
  });

  it("names the field where the chart renders an object that the API server rejects", () => {
    for (const [before, after, place] of [
      [
        'AP_CERT_ISSUER_EMAIL: "operator@example.com"',
        "AP_CERT_ISSUER_EMAIL: 12",
        "data.AP_CERT_ISSUER_EMAIL",
      ],
      ["name: akash-provider-main", "name: 20261201", "metadata.name"],
      ['value: "/root/.akash"', "value: { a: b }", "spec.template.spec.containers.0.env.0.value"],
    ] as const) {
      const manifest = chartManifest().replace(before, after);
      assert.throws(() => repairManifest(manifest), {
        message: new RegExp(
          `^the chart rendered an object that the API server rejects \\(# Source: provider/templates/[^)]+\\): ${place} is of the wrong type`,
        ),
      });
    }
    assert.throws(
      () => repairManifest(`${chartManifest()}---\n- 1\n`),
      /: the object is of the wrong type/,
    );
  });

  it("keeps an object whose kind has the name of a property of every JavaScript object", () => {
    for (const kind of ["valueOf", "constructor", "__proto__"]) {
      const other = `---\napiVersion: example.test/v1\nkind: ${kind}\nmetadata:\n  name: other\n`;
      assert(repairManifest(chartManifest() + other).includes(`kind: ${kind}\n`));
    }
  });

  it("treats a null value as an empty text", () => {
    const manifest = chartManifest().replace(/AP_CERT_ISSUER_EMAIL: ".*"/, "AP_CERT_ISSUER_EMAIL:");
    assert.throws(() => repairManifest(manifest), /AP_CERT_ISSUER_EMAIL is empty/);
    const other = chartManifest().replace(/AKASH_BID_PRICE_CPU_SCALE: +".*"/, "AKASH_EXTRA:");
    assert.match(repairManifest(other), /AKASH_EXTRA:\n/);
  });

  it("keeps text that YAML 1.1 could read as another type", () => {
    for (const text of ["yes", "off", "0744", "1e3", "12:30", "null", "~", "1_000", " x "]) {
      const settings = [`AP_EXTRA: "${text}"`];
      assert.equal(issuerSettings({ settings }).AP_EXTRA, text);
    }
  });

  it("is repaired once: a second pass changes nothing", () => {
    for (const challenge of [undefined, googleCloudDns01, cloudflareDns01]) {
      const once = repairManifest(chartManifest(challenge && { challenge }));
      assert.equal(repairManifest(once), once);
    }
  });

  describe("storage directory", () => {
    it("is on the home volume and differs between CAs", () => {
      const directory = (directoryUrl: string) =>
        issuerSettings({ directoryUrl }).AP_CERT_ISSUER_STORAGE_DIR;
      assert.equal(
        directory("https://acme-v02.api.letsencrypt.org/directory"),
        "/root/.akash/.certissuer/acme-v02.api.letsencrypt.org-directory",
      );
      assert.equal(
        directory("https://acme-staging-v02.api.letsencrypt.org/directory"),
        "/root/.akash/.certissuer/acme-staging-v02.api.letsencrypt.org-directory",
      );
      assert.equal(
        directory("https://ca.example.com:14000/a/../b?c=d"),
        "/root/.akash/.certissuer/ca.example.com-14000-a-..-b-c-d",
      );
    });

    it("of a chart that has one for all CAs is repaired", () => {
      const settings = ['AP_CERT_ISSUER_STORAGE_DIR: "/root/.akash/certs"'];
      assert.match(issuerSettings({ settings }).AP_CERT_ISSUER_STORAGE_DIR ?? "", /acme-v02/);
    });
  });

  describe("pod annotations", () => {
    const before = podAnnotations();
    const changes: readonly (readonly [string, ChartManifestOptions, string])[] = [
      ["the wallet", { walletDigest: "ffffffffffffffff" }, "checksum/wallet"],
      ["the CA", { directoryUrl: "https://ca.example.com/dir" }, "checksum/cm-letsencrypt"],
      ["the e-mail", { email: "new@example.com" }, "checksum/cm-letsencrypt"],
      ["a price", { price: "0.005" }, "checksum/cm-main"],
    ];
    for (const [what, options, annotation] of changes) {
      it(`change with ${what}`, () => {
        const after = podAnnotations(options);
        const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
        assert.deepEqual(changed, [annotation]);
      });
    }

    it("do not change with only the chart's version", () => {
      assert.deepEqual(podAnnotations({ chartVersion: "19.1.0" }), before);
    });

    it("of a stale credential are corrected", () => {
      const stale = ["checksum/wallet: stale", "checksum/dns-credential: stale"];
      const annotations = podAnnotations({ challenge: googleCloudDns01, podAnnotations: stale });
      assert.equal(annotations["checksum/wallet"], "00112233445566ff");
      assert.equal(annotations["checksum/dns-credential"], "0123456789abcdef");
    });

    it("of the chart stay", () => {
      const annotations = podAnnotations({ podAnnotations: ["checksum/cm-letsencrypt: own"] });
      assert.equal(annotations["checksum/cm-letsencrypt"], "own");
      assert.equal(annotations["checksum/cm-scripts"], "abc");
    });

    it("include the DNS credential only with DNS-01", () => {
      assert.equal(
        podAnnotations({ challenge: googleCloudDns01 })["checksum/dns-credential"],
        "0123456789abcdef",
      );
      assert(!("checksum/dns-credential" in before));
    });
  });

  describe("liveness probe", () => {
    const probe = (objects: readonly KubernetesObject[]) =>
      podTemplate(objects, names)?.spec.containers[0]?.livenessProbe;

    it("runs the check renewal-retry before the unchanged command of the chart", () => {
      const objects = repairedObjects();
      const { exec, ...timing } = probe(objects) ?? {};
      const [shell, option, check, ...chart] = exec?.command ?? [];
      assert.deepEqual([shell, option], ["sh", "-c"]);
      assert.match(check ?? "", /^\/scripts\/renewal_retry\.sh; /);
      assert.deepEqual(chart, ["sh", "-c", "/scripts/liveness_checks.sh"]);
      assert.deepEqual(timing, {
        initialDelaySeconds: 240,
        periodSeconds: 30,
        failureThreshold: 1,
        timeoutSeconds: 30,
      });
      const scripts = configMapData(objects, names.scriptsConfigMap);
      assert.deepEqual(Object.keys(scripts ?? {}), [
        "run.sh",
        "liveness_checks.sh",
        "renewal_retry.sh",
      ]);
      assert.equal(
        scripts?.["liveness_checks.sh"],
        configMapData(objectsIn(parseManifest(chartManifest())), names.scriptsConfigMap)?.[
          "liveness_checks.sh"
        ],
      );
    });

    it("of a chart whose own check inspects the issuer's certificate is unchanged and accepted", () => {
      const manifest = chartManifest().replace(
        "openssl x509 -in /config/provider.pem",
        'openssl x509 -in "$AP_CERT_ISSUER_STORAGE_DIR/certificates/$AKASH_CLUSTER_PUBLIC_HOSTNAME.crt"',
      );
      assert.notEqual(manifest, chartManifest());
      const objects = objectsIn(parseManifest(repairManifest(manifest)));
      assert.deepEqual(probe(objects)?.exec?.command, ["sh", "-c", "/scripts/liveness_checks.sh"]);
      assert(!("renewal_retry.sh" in (configMapData(objects, names.scriptsConfigMap) ?? {})));
      assert(
        !("checksum/renewal-retry" in (podTemplate(objects, names)?.metadata?.annotations ?? {})),
      );
    });

    it("restarts the pod after a change of the check, by another annotation", () => {
      const manifest = repairManifest(chartManifest());
      const objects = objectsIn(
        parseManifest(repairManifest(manifest.replace(/(checksum\/renewal-retry:) \S+/, "$1 old"))),
      );
      assert.match(
        podTemplate(objects, names)?.metadata?.annotations?.["checksum/renewal-retry"] ?? "",
        /^[0-9a-f]{16}$/,
      );
    });
  });

  describe("credentials", () => {
    it("are not in the release", () => {
      for (const challenge of [undefined, googleCloudDns01, cloudflareDns01]) {
        const secrets = repairedObjects(challenge && { challenge }).filter(
          ({ kind }) => kind === "Secret",
        );
        assert.deepEqual(secrets, []);
      }
    });
  });

  describe("with HTTP-01", () => {
    it("the port stays and no DNS provider is set", () => {
      const settings = issuerSettings();
      assert.equal(settings.AP_CERT_ISSUER_HTTP_CHALLENGE_PORT, "5002");
      assert(!("AP_CERT_ISSUER_DNS_PROVIDERS" in settings));
    });
  });

  describe("with DNS-01", () => {
    for (const [challenge, dnsProvider] of [
      [googleCloudDns01, "gcloud"],
      [cloudflareDns01, "cf"],
    ] as const) {
      it(`the provider is called ${dnsProvider}, and HTTP-01 is off`, () => {
        const settings = issuerSettings({ challenge });
        assert.equal(settings.AP_CERT_ISSUER_DNS_PROVIDERS, dnsProvider);
        assert(!("AP_CERT_ISSUER_HTTP_CHALLENGE_PORT" in settings));
      });
    }

    it("the ports stay: the API server refuses a container port without a number", () => {
      const text = repairManifest(chartManifest({ challenge: cloudflareDns01 }));
      assert.match(document(text, "StatefulSet", "akash-provider") ?? "", /containerPort: 5002/);
      assert.match(document(text, "Service", "akash-provider") ?? "", /targetPort: 5002/);
    });

    it("the container gets the environment variables for which the chart has no value", () => {
      const [container] =
        podTemplate(repairedObjects({ challenge: googleCloudDns01 }), names)?.spec.containers ?? [];
      const environment = Object.fromEntries(
        container?.env?.map(({ name, value }) => [name, value]) ?? [],
      );
      assert.equal(environment.GCE_PROJECT, "dns-project");
      assert.equal(environment.GCE_ZONE_ID, "example-com");
      assert.equal(environment.AKASH_HOME, "/root/.akash");
    });
  });

  describe("is refused, naming the chart's version,", () => {
    const refused: readonly (readonly [string, string, RegExp])[] = [
      ["without an e-mail", chartManifest({ email: "" }), /AP_CERT_ISSUER_EMAIL is empty/],
      [
        "without a directory URL",
        chartManifest({ directoryUrl: "" }),
        /AP_CERT_ISSUER_CA_DIR_URL is empty/,
      ],
      [
        "with the issuer off",
        chartManifest().replace(
          'AP_CERT_ISSUER_ENABLED: "true"',
          'AP_CERT_ISSUER_ENABLED: "false"',
        ),
        /issuer is not enabled/,
      ],
      [
        "with a DNS provider under HTTP-01",
        chartManifest({ settings: ['AP_CERT_ISSUER_DNS_PROVIDERS: "cf"'] }),
        /DNS provider \(cf\) is set with HTTP-01/,
      ],
      [
        "with storage off the home volume",
        chartManifest().replace('mountPath: "/root/.akash"', 'mountPath: "/data"'),
        /\/root\/\.akash\/\S+ is not on the home volume/,
      ],
      [
        "with an HTTP port from elsewhere under DNS-01",
        chartManifest({ challenge: cloudflareDns01 }).replace(
          "AKASH_BID_PRICE_CPU_SCALE:",
          "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT: '5002'\n  AKASH_BID_PRICE_CPU_SCALE:",
        ),
        /HTTP-01 is enabled \(port 5002\) in addition to DNS-01/,
      ],
      [
        "with a DNS provider from elsewhere",
        chartManifest({ challenge: googleCloudDns01 }).replace(
          "            - name: AKASH_HOME",
          "            - name: AP_CERT_ISSUER_DNS_PROVIDERS\n              value: googleCloud\n            - name: AKASH_HOME",
        ),
        /the DNS provider is googleCloud instead of gcloud/,
      ],
      [
        "with the key's file elsewhere",
        chartManifest({ challenge: googleCloudDns01 }).replace(
          "/etc/gcp/service-account.json",
          "/etc/gcp/key.json",
        ),
        /does not read the Secret akash-provider-gcp-dns/,
      ],
      [
        "with a port without a number",
        chartManifest().replace("containerPort: 5002", "containerPort: 0"),
        /port http-challenge has no number/,
      ],
      [
        "with another wallet",
        chartManifest().replace("secretName: akash-provider-keys", "secretName: mine"),
        /does not read the Secret akash-provider-keys/,
      ],
      [
        "with a Secret that has something in it",
        `${chartManifest()}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: more\ndata:\n  a: Yg==\n`,
        /contains the Secret more/,
      ],
      [
        "with a StatefulSet of another name",
        chartManifest().replace(
          /(kind: StatefulSet\nmetadata:\n {2}name: )akash-provider/,
          "$1other",
        ),
        /no StatefulSet akash-provider/,
      ],
      [
        "with a pod that does not read the credential",
        chartManifest({ challenge: cloudflareDns01 }).replace(
          "name: akash-provider-cloudflare-dns\n                  key",
          "name: other\n                  key",
        ),
        /does not read the Secret akash-provider-cloudflare-dns/,
      ],
    ];
    for (const [what, manifest, sentence] of refused) {
      it(what, () => {
        assert.throws(
          () => repairManifest(manifest),
          (error: unknown) =>
            error instanceof Error &&
            error.message.startsWith("chart 19.0.2 ") &&
            sentence.test(error.message),
        );
      });
    }

    it("with a liveness probe that would not run the check renewal-retry", () => {
      const manifest = chartManifest();
      for (const [from, to] of [
        [/exec:\n +command:\n +- sh\n +- -c\n +- \S+/, "httpGet: { path: /status, port: 8443 }"],
        [/livenessProbe:/, "readinessProbe:"],
        ["mountPath: /scripts\n", "mountPath: /scripts/run.sh\n              subPath: run.sh\n"],
        [
          "name: akash-provider-script\n            defaultMode",
          "name: other\n            defaultMode",
        ],
      ] as const) {
        const changed = manifest.replace(from, to);
        assert.notEqual(changed, manifest);
        assert.throws(
          () => repairManifest(changed),
          /^Error: chart 19\.0\.2 .*the liveness probe does not run the check renewal-retry/,
        );
      }
    });

    it("when the chart is older than the repairs and has a defect", () => {
      assert.throws(
        () => repairManifest(chartManifest({ chartVersion: "12.0.2" })),
        /^Error: chart 12\.0\.2 would not give the provider its certificate/,
      );
    });
  });

  it("uses the last of repeated labels, as Helm does", () => {
    const manifest = chartManifest().replace(
      "kind: Service\nmetadata:\n",
      "kind: Service\nmetadata:\n  labels: { app: a, app: b }\n",
    );
    const text = document(repairManifest(manifest), "Service", "akash-provider");
    assert.match(text ?? "", /app: a, app: b/);
  });

  it("is refused without the parameters", () => {
    const manifest = chartManifest().replace(/kind: ServiceAccount/, "kind: Account");
    assert.throws(() => repairManifest(manifest), /serviceAccount\.create/);
  });

  it("is refused with parameters of another version of the program", () => {
    const manifest = chartManifest().replace('"type":"http-01"', '"type":"tls-alpn-01"');
    assert.throws(
      () => repairManifest(manifest),
      /does not contain the parameters of this version of the program/,
    );
  });

  it("names the template whose YAML is invalid", () => {
    const manifest = `${chartManifest()}---\n# Source: provider/templates/bad.yaml\na: [\n`;
    assert.throws(
      () => repairManifest(manifest),
      /invalid YAML \(# Source: provider\/templates\/bad\.yaml\)/,
    );
  });
});

describe("post-renderer", () => {
  const run = (input: string) =>
    spawnSync("chart/postrender", { input, encoding: "utf8", timeout: 10_000 });

  it("writes the repaired manifest", () => {
    const { status, stdout, stderr } = run(chartManifest());
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert.equal(stdout, repairManifest(chartManifest()));
  });

  it("fails with one sentence and no manifest, so that Helm applies nothing", () => {
    const { status, stdout, stderr } = run(chartManifest({ email: "" }));
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.match(stderr, /AP_CERT_ISSUER_EMAIL is empty/);
  });
});

describe("repairs", () => {
  const context = (challenge: Parameters["challenge"]) => ({
    names,
    parameters: { repairs: repairsVersion, challenge, walletDigest: "00112233445566ff" },
  });

  for (const repair of repairs) {
    it(`${repair.name} does nothing where the defect is absent`, () => {
      for (const challenge of [http01, googleCloudDns01, cloudflareDns01]) {
        const repaired = repairedObjects({ challenge });
        const again = repair.apply(repaired, context(challenge));
        assert.equal(again.length, repaired.length);
        again.forEach((object, index) => {
          assert.equal(object, repaired[index]);
        });
      }
    });

    it(`${repair.name} names the chart's file and the versions that need it`, () => {
      assert.match(repair.chartFile, /^templates\//);
      assert.deepEqual(
        ["12.0.2", "12.1.3", "19.0.2"].map((version) => repairsFor(version).includes(repair)),
        [false, true, true],
      );
    });
  }
});
