import { log } from "@pulumi/pulumi";

/** The warnings of a run, which are not printed to the console. */
export function warningsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  return messagesOf("warn", run);
}

/** The progress messages of a run, which are not printed to the console. */
export function infosOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  return messagesOf("info", run);
}

async function messagesOf(
  severity: "info" | "warn",
  run: () => Promise<unknown>,
): Promise<readonly string[]> {
  const messages: string[] = [];
  const original = log[severity];
  const collect: typeof original = (message) => {
    messages.push(message);
    return Promise.resolve();
  };
  Object.assign(log, { [severity]: collect });
  try {
    await run();
  } finally {
    Object.assign(log, { [severity]: original });
  }
  return messages;
}
