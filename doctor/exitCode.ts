/** The exit codes, by the worst severity; 3 if the checks could not run, or the usage is wrong. */
export const exitCode = { ok: 0, info: 0, warning: 1, error: 2, failure: 3, usage: 3 } as const;
