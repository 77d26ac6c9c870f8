/** What a fleet can do with each of its stacks. */
export const actions = ["preview", "up", "rotate", "doctor"] as const;
export type Action = (typeof actions)[number];

/** Whether an action changes stacks. One that was killed is gone on with; one that only looks is begun anew. */
export function changes(action: Action): boolean {
  return action === "up" || action === "rotate";
}
