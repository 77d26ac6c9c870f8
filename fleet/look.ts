import { fileURLToPath } from "node:url";
import { z } from "zod";
import { outputOf, runApart } from "./apart.ts";
import { severities, type Severity } from "../doctor/finding.ts";
import { parseJson } from "../lib/json.ts";

const doctor = fileURLToPath(import.meta.resolve("../doctor/main.ts"));

/** As far as a fleet looks at a doctor's report (doctor/report.ts). */
const reportSchema = z.object({
  findings: z.array(
    z.object({
      severity: z.enum(severities),
      title: z.string(),
      subject: z.string().nullable(),
      command: z.string().nullable(),
    }),
  ),
  times: z.object({
    certificateExpiry: z.string().optional(),
    credentialRotateBy: z.string().optional(),
  }),
});

/** What the doctor has found of a stack. */
export interface Look {
  readonly worst: Severity;
  readonly certificateExpiry: string | null;
  readonly rotateBy: string | null;
  /** The errors, each with the command that mends it. */
  readonly errors: readonly string[];
}

/** The doctor could not look; its words say why. */
export class CouldNotLook extends Error {
  override readonly name = "CouldNotLook";
}

/**
 * Runs the doctor on a stack, as a process of its own: it has its stack's environment, and its own memory of what it has
 * asked.
 *
 * @param directory the project's
 * @param options further options of the doctor's
 * @throws CouldNotLook
 */
export async function look(
  directory: string,
  stack: string,
  options: readonly string[],
): Promise<Look> {
  const args = [...process.execArgv, doctor, "-s", stack, "--json", ...options];
  const { result } = await runApart(process.execPath, args, {
    directory,
    stdio: ["ignore", "pipe", "pipe"],
    take: outputOf,
  });
  const [stdout, stderr] = result;
  const { data } = reportSchema.safeParse(parseJson(stdout));
  if (data === undefined) {
    throw new CouldNotLook(stderr.trim());
  }
  return readLook(data);
}

/** What a fleet tells of a report. */
export function readLook({ findings, times }: z.infer<typeof reportSchema>): Look {
  const worst =
    severities.findLast((level) => findings.some(({ severity }) => severity === level)) ?? "ok";
  return {
    worst,
    certificateExpiry: times.certificateExpiry ?? null,
    rotateBy: times.credentialRotateBy ?? null,
    errors: findings
      .filter(({ severity }) => severity === "error")
      .map(({ title, subject, command }) => {
        const what = subject === null ? title : `${title}: ${subject}`;
        return command === null ? what : `${what}. Mend it: ${command}`;
      }),
  };
}
