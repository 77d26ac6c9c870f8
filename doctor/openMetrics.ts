import type { Times } from "./check.ts";
import type { Report } from "./report.ts";
import { printable } from "../lib/printable.ts";

/** A metric family with its samples (https://prometheus.io/docs/specs/om/open_metrics_spec/). */
interface Family {
  readonly name: string;
  readonly help: string;
  /** The suffix of the name, if it has one. */
  readonly unit?: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of start and expiry times, in their order. */
const timeMetrics: readonly {
  readonly time: keyof Times;
  readonly name: string;
  readonly help: string;
}[] = [
  {
    time: "certificateIssued",
    name: "akash_provider_certificate_not_before_timestamp_seconds",
    help: "When the certificate that port 8443 serves became valid.",
  },
  {
    time: "certificateExpiry",
    name: "akash_provider_certificate_expiry_timestamp_seconds",
    help: "When the certificate that port 8443 serves expires.",
  },
  {
    time: "credentialCreated",
    name: "akash_provider_credential_created_timestamp_seconds",
    help: "When the DNS credential was created.",
  },
  {
    time: "credentialExpiry",
    name: "akash_provider_credential_expiry_timestamp_seconds",
    help: "When the DNS credential expires; absent if it does not expire.",
  },
  {
    time: "credentialRotateBy",
    name: "akash_provider_credential_rotate_by_timestamp_seconds",
    help: "When the DNS credential is due for replacement.",
  },
  {
    time: "wildcardExpiry",
    name: "akash_provider_wildcard_certificate_expiry_timestamp_seconds",
    help: "When the certificate of the tenants' ingress expires.",
  },
  {
    time: "wildcardRenewal",
    name: "akash_provider_wildcard_certificate_renewal_timestamp_seconds",
    help: "When the certificate of the tenants' ingress is due for renewal by cert-manager.",
  },
];

/**
 * The result of a run as OpenMetrics text: the findings by id and severity, and the expiry of certificate and credential.
 * A time that is not available is absent. All metrics are gauges, which are the same in Prometheus' own text format.
 */
export function openMetrics({ stack, host, time, findings, times }: Report): string {
  const problems = findings.filter(({ severity }) => severity !== "ok");
  const counts = Map.groupBy(problems, ({ id, severity }) => `${severity} ${id}`);
  const families: readonly Family[] = [
    ...timeMetrics.map(({ time: key, name, help }) => ({
      name,
      help,
      unit: "seconds",
      samples: times[key] === undefined ? [] : [{ value: seconds(times[key]) }],
    })),
    {
      name: "akash_provider_doctor_findings",
      help: "Problems that npm run doctor has found, by id and severity; absent if there are none.",
      samples: [...counts.values()].map((found) => ({
        labels: { id: found[0]?.id ?? "", severity: found[0]?.severity ?? "" },
        value: found.length,
      })),
    },
    {
      name: "akash_provider_doctor_run_timestamp_seconds",
      help: "When npm run doctor looked.",
      unit: "seconds",
      samples: [{ value: seconds(new Date(time)) }],
    },
  ];
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap((family) => familyLines(family, { stack, host }));
  return [...lines, "# EOF\n"].join("\n");
}

function familyLines(
  { name, help, unit, samples }: Family,
  common: Readonly<Record<string, string>>,
): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(({ labels, value }) => {
      const pairs = Object.entries({ ...common, ...labels });
      return `${name}{${pairs.map(([key, text]) => `${key}="${escaped(text)}"`).join(",")}} ${value}`;
    }),
  ];
}

function escaped(text: string): string {
  return printable(text).replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function seconds(time: Date): number {
  return time.getTime() / 1_000;
}
