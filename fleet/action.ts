/** The actions of a fleet on each of its stacks. */
export const actions = ["preview", "up", "rotate", "doctor"] as const;
export type Action = (typeof actions)[number];

/** Whether an action changes stacks. A killed run of such an action is continued; a read-only action starts again. */
export function changes(action: Action): boolean {
  return action === "up" || action === "rotate";
}
