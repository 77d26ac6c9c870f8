import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectsIn, parseManifest } from "../../../chart/manifest.ts";
import { configMapData, podTemplate } from "../../../chart/objects.ts";
import { releaseNames } from "../../../chart/release.ts";
import { repairManifest } from "../../../chart/repairManifest.ts";
import { createAuthority } from "../../../sandbox/cluster/certificates.ts";
import {
  containersImpossible,
  runInContainer,
  type ContainerCommand,
  type ContainerResult,
} from "../../../sandbox/cluster/container.ts";
import { chartManifest } from "../../support/manifest.ts";

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const host = "provider.example.com";
const names = releaseNames("akash-provider");
const objects = objectsIn(parseManifest(repairManifest(chartManifest())));
const scripts = configMapData(objects, names.scriptsConfigMap) ?? {};
const command = podTemplate(objects, names)?.spec.containers[0]?.livenessProbe?.exec?.command ?? [];
const home = "/root/.akash";
const storage =
  configMapData(objects, names.letsEncryptConfigMap)?.AP_CERT_ISSUER_STORAGE_DIR ?? "";

const young = 10 * minute;
const old = 4 * hour;

describe("the check renewal-retry", function () {
  this.timeout(60_000);
  let directory: string | undefined;
  /** The certificate's file, by its remaining validity or its defect. */
  const contents: Record<string, string | undefined> = {};

  before(async function () {
    const impossible = await containersImpossible();
    if (impossible !== undefined) {
      process.stderr.write(`The check of the renewal is not run: ${impossible}\n`);
      this.skip();
    }
    directory = mkdtempSync(join(tmpdir(), "renewal-"));
    const authority = await createAuthority("a CA");
    const living = async (left: number) => {
      const notAfter = new Date(Date.now() + left * 1_000);
      const validity = { notBefore: new Date(notAfter.getTime() - 90 * day * 1_000), notAfter };
      const { certificate } = await authority.server(host, [host], validity);
      // As the issuer stores it: followed by the CA's certificate, which is valid longer.
      return `${certificate}\n${authority.certificate}\n`;
    };
    contents["89 days left"] = await living(89 * day);
    contents["23 hours left"] = await living(23 * hour);
    contents["21 hours left"] = await living(21 * hour);
    contents.expired = await living(-hour);
    contents.absent = undefined;
    contents.empty = "";
    contents.garbage = "\0garbage\n-----BEGIN CERTIFICATE-----\nAAAA\n";
  });
  after(() => {
    if (directory !== undefined) {
      rmSync(directory, { recursive: true });
    }
  });

  let runs = 0;
  /** Runs the probe of the repaired manifest in a container whose issuer has stored that certificate. */
  function probe(
    certificate: string,
    age: number,
    {
      environment = {},
      ...more
    }: Partial<ContainerCommand> & {
      readonly scripts?: Readonly<Record<string, string>>;
      readonly volume?: (folder: string) => void;
    } = {},
  ): Promise<ContainerResult> {
    const folder = join(directory ?? "", String((runs += 1)));
    const at = (name: string) => join(folder, name);
    const certificates = join(at("home"), storage.slice(home.length), "certificates");
    mkdirSync(certificates, { recursive: true });
    mkdirSync(at("scripts"));
    const chart = { "liveness_checks.sh": "#!/bin/bash\necho All checks passed\n" };
    for (const [name, text] of Object.entries({ ...scripts, ...chart, ...more.scripts })) {
      writeFileSync(join(at("scripts"), name), text);
      chmodSync(join(at("scripts"), name), 0o744);
    }
    const content = contents[certificate];
    if (content !== undefined) {
      writeFileSync(join(certificates, `${host}.crt`), content);
    }
    more.volume?.(at("home"));
    return runInContainer({
      command,
      environment: {
        AP_CERT_ISSUER_ENABLED: "true",
        AP_CERT_ISSUER_STORAGE_DIR: storage,
        AKASH_CLUSTER_PUBLIC_HOSTNAME: host,
        ...environment,
      },
      mounts: { "/scripts": at("scripts"), [home]: at("home") },
      age,
      ...(more.programs && { programs: more.programs }),
      ...(more.proc && { proc: more.proc }),
    });
  }

  const passed: ContainerResult = { code: 0, output: "All checks passed\n" };

  for (const certificate of ["89 days left", "23 hours left"]) {
    it(`does not restart a container whose certificate has ${certificate}`, async () => {
      assert.deepEqual(await Promise.all([young, old].map((age) => probe(certificate, age))), [
        passed,
        passed,
      ]);
    });
  }

  const due: readonly (readonly [string, RegExp])[] = [
    ["21 hours left", /the certificate for provider\.example\.com ends at \w+ +\d+ \S+ \d{4} GMT/],
    ["expired", /the certificate for provider\.example\.com ends at \w+ +\d+ \S+ \d{4} GMT/],
    ["absent", /there is no certificate for provider\.example\.com/],
    ["empty", /the certificate for provider\.example\.com cannot be read/],
    ["garbage", /the certificate for provider\.example\.com cannot be read/],
  ];
  for (const [certificate, reason] of due) {
    it(`restarts an old container whose certificate is: ${certificate}; not a young one`, async () => {
      const [left, restarted] = await Promise.all([
        probe(certificate, young),
        probe(certificate, old),
      ]);
      assert.deepEqual(left, passed);
      assert.equal(restarted.code, 1);
      assert.match(restarted.output, /^renewal-retry: [^\n]*\n$/);
      assert.match(restarted.output, reason);
    });
  }

  it("counts three hours from the start of process 1", async () => {
    const [before, after] = await Promise.all([
      probe("absent", 3 * hour - minute),
      probe("absent", 3 * hour + 1),
    ]);
    assert.deepEqual(before, passed);
    assert.equal(after.code, 1);
  });

  it("keeps the result of the chart's own check", async () => {
    const chart = { "liveness_checks.sh": "#!/bin/bash\necho api /status check failed\nexit 7\n" };
    assert.deepEqual(await probe("89 days left", old, { scripts: chart }), {
      code: 7,
      output: "api /status check failed\n",
    });
  });

  const unexpected: readonly (readonly [string, Parameters<typeof probe>[2]])[] = [
    ["openssl is missing", { programs: { openssl: null } }],
    ["openssl crashes", { programs: { openssl: "#!/bin/sh\nkill -SEGV $$\n" } }],
    [
      "openssl crashes over the certificate",
      { programs: { openssl: '#!/bin/sh\n[ "$1" = version ] || kill -SEGV $$\n' } },
    ],
    [
      "openssl hangs over the certificate",
      { programs: { openssl: '#!/bin/sh\n[ "$1" = version ] || exec sleep 60\n' } },
    ],
    ["timeout is missing", { programs: { timeout: null } }],
    ["the issuer is off", { environment: { AP_CERT_ISSUER_ENABLED: "false" } }],
    ["the storage is not set", { environment: { AP_CERT_ISSUER_STORAGE_DIR: "" } }],
    ["the host is not set", { environment: { AKASH_CLUSTER_PUBLIC_HOSTNAME: "" } }],
    [
      "the issuer's directory is missing",
      { environment: { AP_CERT_ISSUER_STORAGE_DIR: `${home}/elsewhere` } },
    ],
    ["the start of process 1 cannot be read", { proc: { "1/stat": "1 (run.sh) S 0\n" } }],
    ["the start of process 1 is no number", { proc: { "1/stat": "" } }],
    ["the machine's clock is not its own", { proc: { uptime: "3.50 3.50\n" } }],
    ["the machine's clock cannot be read", { proc: { uptime: "" } }],
  ];
  it("restarts nothing in an unexpected situation", async () => {
    const results = await Promise.all(
      unexpected.map(async ([what, options]) => [what, await probe("expired", old, options)]),
    );
    for (const [what, result] of results as [string, ContainerResult][]) {
      // The shell's message about a crash has no effect.
      assert.equal(result.code, 0, `${what}: ${result.output}`);
      assert.match(result.output, /All checks passed\n/, what);
      assert.doesNotMatch(result.output, /renewal-retry:/, what);
    }
  });

  it("restarts nothing while the check itself is missing, such as after a rollback", async () => {
    const broken = { "renewal_retry.sh": "#!/bin/nothing\n" };
    const { code, output } = await probe("expired", old, { scripts: broken });
    assert.equal(code, 0);
    assert.match(output, /All checks passed/);
  });

  it("waits for a certificate that is being written", async () => {
    // The first attempt finds the empty file, the second the certificate.
    let file = "";
    const result = await probe("empty", old, {
      volume: (folder) => {
        file = join(folder, storage.slice(home.length), "certificates", "written");
        writeFileSync(file, contents["89 days left"] ?? "");
      },
      programs: {
        sleep: `#!/bin/bash\ncat ${storage}/certificates/written > ${storage}/certificates/${host}.crt\n`,
      },
    });
    assert.deepEqual(result, passed);
  });
});
