/** The exit codes of `npm run fleet`. */
export const exitCode = { done: 0, failure: 1, usage: 2, interrupted: 3 } as const;
