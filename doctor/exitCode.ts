/** The exit codes, by the worst severity; 3 is for a doctor that could not look, or was told so wrongly. */
export const exitCode = { ok: 0, info: 0, warning: 1, error: 2, failure: 3, usage: 3 } as const;
