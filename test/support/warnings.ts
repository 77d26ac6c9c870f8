import { log } from "@pulumi/pulumi";

/** What a run warns of, which then does not go to the console. */
export function warningsOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  return messagesOf("warn", run);
}

/** What a run tells of its progress, likewise. */
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
