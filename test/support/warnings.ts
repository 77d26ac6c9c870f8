import { log } from "@pulumi/pulumi";

/** What a run warns of, which then does not go to the console. */
export async function warningsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  const warnings: string[] = [];
  const { warn } = log;
  const collect: typeof warn = (message) => {
    warnings.push(message);
    return Promise.resolve();
  };
  Object.assign(log, { warn: collect });
  try {
    await run();
  } finally {
    Object.assign(log, { warn });
  }
  return warnings;
}
