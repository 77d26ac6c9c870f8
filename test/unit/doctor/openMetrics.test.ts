import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { checks } from "../../../doctor/checks/index.ts";
import { examine } from "../../../doctor/examine.ts";
import { openMetrics } from "../../../doctor/openMetrics.ts";
import type { Report } from "../../../doctor/report.ts";
import { googleCloudDns01 } from "../../support/manifest.ts";
import { context, daysFromNow, now } from "./context.ts";

const report: Report = {
  version: 1,
  stack: "prod",
  host: "provider.example.com",
  time: now.toISOString(),
  findings: [],
  times: {},
};
const finding = {
  group: "Release",
  subject: null,
  title: "",
  expected: null,
  seen: "",
  why: null,
  command: null,
} as const;
const labels = '{stack="prod",host="provider.example.com"}';

describe("doctor, its metrics", () => {
  it("are the available times and the findings", () => {
    const text = openMetrics({
      ...report,
      findings: [
        { ...finding, id: "objects", severity: "ok" },
        { ...finding, id: "object-missing", severity: "error", subject: "a" },
        { ...finding, id: "object-missing", severity: "error", subject: "b" },
        { ...finding, id: "caa", severity: "info" },
      ],
      times: { certificateExpiry: daysFromNow(1) },
    });
    const end = daysFromNow(1).getTime() / 1_000;
    assert.equal(
      text,
      `# TYPE akash_provider_certificate_expiry_timestamp_seconds gauge
# UNIT akash_provider_certificate_expiry_timestamp_seconds seconds
# HELP akash_provider_certificate_expiry_timestamp_seconds When the certificate that port 8443 serves expires.
akash_provider_certificate_expiry_timestamp_seconds${labels} ${end}
# TYPE akash_provider_doctor_findings gauge
# HELP akash_provider_doctor_findings Problems that npm run doctor has found, by id and severity; absent if there are none.
akash_provider_doctor_findings{stack="prod",host="provider.example.com",id="object-missing",severity="error"} 2
akash_provider_doctor_findings{stack="prod",host="provider.example.com",id="caa",severity="info"} 1
# TYPE akash_provider_doctor_run_timestamp_seconds gauge
# UNIT akash_provider_doctor_run_timestamp_seconds seconds
# HELP akash_provider_doctor_run_timestamp_seconds When npm run doctor looked.
akash_provider_doctor_run_timestamp_seconds${labels} ${now.getTime() / 1_000}
# EOF
`,
    );
  });

  it("contain the expiry of certificate and credential", async () => {
    const life = { createdAt: daysFromNow(-10).toISOString() };
    const times = async (expiresAt: string, selfSigned = false) => {
      const report = await examine(
        checks,
        context({
          challenge: googleCloudDns01,
          credential: { life: () => Promise.resolve({ ...life, expiresAt }) },
          certificate: { selfSigned },
        }),
      );
      return report.times;
    };
    const certificate = { certificateIssued: daysFromNow(-30), certificateExpiry: daysFromNow(60) };
    const credential = {
      credentialCreated: daysFromNow(-10),
      credentialRotateBy: daysFromNow(80),
    };
    assert.deepEqual(await times(daysFromNow(100).toISOString()), {
      ...certificate,
      ...credential,
      credentialExpiry: daysFromNow(100),
    });
    // Google's date for a key without expiry.
    assert.deepEqual(await times("9999-12-31T23:59:59Z"), { ...certificate, ...credential });
    // The expiry of the blockchain certificate is irrelevant.
    assert.deepEqual(await times("9999-12-31T23:59:59Z", true), credential);
  });

  it("escape characters that would end a label", () => {
    const text = openMetrics({ ...report, stack: 'a"\\b\nc' });
    assert.match(text, /\{stack="a\\"\\\\b\\nc",host=/);
  });
});

describe("alerts for Prometheus", () => {
  interface Rule {
    readonly alert: string;
    readonly expr: string;
    readonly labels: { readonly severity: string };
    readonly annotations: { readonly summary: string };
  }
  const { groups } = parse(readFileSync("docs/prometheus-rules.yaml", "utf8")) as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const used = ({ expr }: Rule): readonly string[] =>
    expr.match(/\b(?:akash_provider|probe)_\w+/g) ?? [];

  it("use metrics of the doctor or of blackbox_exporter", () => {
    const all = openMetrics({
      ...report,
      findings: [{ ...finding, id: "x", severity: "error" }],
      times: {
        certificateIssued: now,
        certificateExpiry: now,
        credentialCreated: now,
        credentialExpiry: now,
        credentialRotateBy: now,
      },
    });
    const known = [...all.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
    // https://github.com/prometheus/blackbox_exporter, prober/http.go and prober/handler.go
    const blackbox = ["probe_ssl_earliest_cert_expiry", "probe_success"];
    for (const rule of rules) {
      const metrics = used(rule);
      assert(metrics.length > 0, rule.alert);
      assert.deepEqual(
        metrics.filter((name) => !known.includes(name) && !blackbox.includes(name)),
        [],
        rule.alert,
      );
    }
  });

  it("report the expiry of a certificate without this program", () => {
    const alone = groups.find(({ name }) => name === "akash-provider-blackbox")?.rules ?? [];
    assert(alone.some((rule) => used(rule).includes("probe_ssl_earliest_cert_expiry")));
    assert(alone.every((rule) => used(rule).every((name) => name.startsWith("probe_"))));
  });

  it("are all listed in docs/alerts.md", () => {
    const page = readFileSync("docs/alerts.md", "utf8");
    const listed = [...page.matchAll(/^\| `(AkashProvider\w+)`/gm)].map(([, name]) => name);
    assert.deepEqual(
      listed,
      rules.map(({ alert }) => alert),
    );
  });
});
