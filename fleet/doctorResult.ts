import { fileURLToPath } from "node:url";
import { z } from "zod";
import { outputOf, runInSession } from "./session.ts";
import { severities, type Severity } from "../doctor/finding.ts";
import { parseJson } from "../lib/json.ts";

const doctor = fileURLToPath(import.meta.resolve("../doctor/main.ts"));

/** The fields of the doctor's report that a fleet reads (doctor/report.ts). */
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

/** The doctor's findings about a stack. */
export interface DoctorResult {
  readonly worst: Severity;
  readonly certificateExpiry: string | null;
  readonly rotateBy: string | null;
  /** The errors, each with the command that fixes it. */
  readonly errors: readonly string[];
}

/** The doctor could not check the stack; the message has the reason. */
export class DoctorFailed extends Error {
  override readonly name = "CouldNotLook";
}

/**
 * Runs the doctor on a stack in its own process: it has its stack's environment, and its own cache of responses.
 *
 * @param directory the project directory
 * @param options further options of the doctor
 * @throws DoctorFailed
 */
export async function runDoctor(
  directory: string,
  stack: string,
  options: readonly string[],
): Promise<DoctorResult> {
  const args = [...process.execArgv, doctor, "-s", stack, "--json", ...options];
  const { result } = await runInSession(process.execPath, args, {
    directory,
    stdio: ["ignore", "pipe", "pipe"],
    take: outputOf,
  });
  const [stdout, stderr] = result;
  const { data } = reportSchema.safeParse(parseJson(stdout));
  if (data === undefined) {
    throw new DoctorFailed(stderr.trim());
  }
  return doctorResult(data);
}

/** The part of a report that a fleet prints. */
export function doctorResult({ findings, times }: z.infer<typeof reportSchema>): DoctorResult {
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
        return command === null ? what : `${what}. Fix it: ${command}`;
      }),
  };
}
