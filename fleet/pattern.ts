/**
 * A test for names that a pattern gives: `*` stands for any letters, `?` for one, everything else for itself.
 *
 * Node's own (`path.matchesGlob`) warns at each use in Node 22 that it is experimental.
 */
export function matcher(pattern: string): (name: string) => boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const whole = new RegExp(`^${source}$`, "s");
  return (name) => whole.test(name);
}
