import assert from "node:assert/strict";
import { flagsOf, finalCommand } from "../../../doctor/checks/finalCommand.ts";
import { settings } from "../../../doctor/checks/settings.ts";
import { parseLog } from "../../../doctor/facts/podLog.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import {
  chartManifest,
  cloudflareDns01,
  googleCloudDns01,
  http01,
} from "../../support/manifest.ts";
import { context, findings, ids } from "./context.ts";

describe("doctor, the Let's Encrypt settings", () => {
  for (const challenge of [http01, googleCloudDns01, cloudflareDns01]) {
    const name = challenge.type === "http-01" ? challenge.type : challenge.dnsProvider;
    it(`reports nothing if all is well, with ${name}`, async () => {
      assert.deepEqual(await findings(settings, { challenge }), []);
    });
  }

  it("detects the defects of a chart that was not repaired", async () => {
    const manifest = chartManifest({ challenge: cloudflareDns01 });
    const found = await findings(settings, { challenge: cloudflareDns01, revision: { manifest } });
    assert.deepEqual(
      found.map(({ id, subject, seen }) => [id, subject, seen]),
      [
        ["setting-differs", "AP_CERT_ISSUER_STORAGE_DIR", "not set"],
        ["dns-provider-name", "AP_CERT_ISSUER_DNS_PROVIDERS", "cloudflare"],
        ["http-port-under-dns-01", null, "5002"],
      ],
    );
  });

  it("gives different commands for a wrong release and for a change outside of it", async () => {
    const manifest = chartManifest({ challenge: cloudflareDns01 });
    const changes = { challenge: cloudflareDns01, revision: { manifest } };
    for (const { command } of await findings(settings, changes)) {
      assert.equal(command, "pulumi up -s prod --refresh");
    }
    const { live } = context().cluster;
    const [changed] = await findings(settings, {
      cluster: {
        live: async (object) => {
          const present = await live(object);
          const data = { ...(present?.data as object), AP_CERT_ISSUER_EMAIL: "x@example.com" };
          return object.metadata?.name === "akash-provider-letsencrypt"
            ? { ...present, data }
            : present;
        },
      },
    });
    assert.equal(changed?.seen, "x@example.com");
    assert.match(changed.command ?? "", /kubectl .* apply -f - && kubectl .* delete pod/);
  });

  it("detects another CA, another address and a missing zone", async () => {
    const challenge = googleCloudDns01;
    const expected = { email: "new@example.com", directoryUrl: "https://ca.example/dir" };
    const manifest = context({ challenge }).cluster.revisions;
    const [revision] = await manifest();
    const other = {
      challenge: {
        ...challenge,
        ...(challenge.type === "dns-01" && { environment: { GCE_ZONE_ID: "other" } }),
      },
      ...expected,
    };
    const found = await findings(settings, {
      challenge,
      expected: other,
      revision: { manifest: revision?.manifest ?? "" },
    });
    assert.deepEqual(
      found.map(({ subject }) => subject),
      [
        "AP_CERT_ISSUER_EMAIL",
        "AP_CERT_ISSUER_CA_DIR_URL",
        "AP_CERT_ISSUER_STORAGE_DIR",
        "GCE_ZONE_ID",
      ],
    );
  });

  const command = [
    "Final command: /usr/bin/provider-services run --cert-issuer-enabled=true",
    "--cert-issuer-email=operator@example.com",
    "--cert-issuer-ca-dir-url=https://acme-v02.api.letsencrypt.org/directory",
  ].join(" ");

  it("reads the flags of the final command in all forms", () => {
    assert.deepEqual(
      [...flagsOf('run --a=1 --b 2 --c --d="x"')],
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "true"],
        ["d", "x"],
      ],
    );
  });

  it("compares the last final command of the log with the stack", async () => {
    const log = `Final command: run --cert-issuer-email=old@example.com\n${command}\n`;
    assert.deepEqual(await ids(finalCommand, { log }), []);
    const found = await findings(finalCommand, {
      log: `${command} --cert-issuer-dns-providers=cloudflare --cert-issuer-http-challenge-port=5002`,
      challenge: cloudflareDns01,
    });
    assert.deepEqual(
      found.map(({ expected, seen }) => [expected, seen]),
      [
        ["--cert-issuer-dns-providers=cf", "--cert-issuer-dns-providers=cloudflare"],
        ["no --cert-issuer-http-challenge-port", "--cert-issuer-http-challenge-port=5002"],
      ],
    );
  });

  it("cannot check a log without a final command", async () => {
    await assert.rejects(finalCommand.run(context()), NotAvailable);
  });

  it("reads the time stamps of the container runtime", () => {
    assert.deepEqual(parseLog("2026-11-20T10:00:00.5Z some words\n\nwithout"), [
      { time: new Date("2026-11-20T10:00:00.5Z"), text: "some words" },
      { time: undefined, text: "without" },
    ]);
  });

  it("reads a log with terminal colors", () => {
    const [line] = parseLog("\u001b[90m10:01AM\u001b[0m \u001b[31mERR\u001b[0m words");
    assert.equal(line?.text, "10:01AM ERR words");
  });
});
