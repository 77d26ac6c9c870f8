/**
 * A test for names that match a pattern: `*` matches any characters, `?` one character, everything else itself.
 *
 * Node's own `path.matchesGlob` prints a warning for each use in Node 22, since it is experimental.
 */
export function matcher(pattern: string): (name: string) => boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const whole = new RegExp(`^${source}$`, "s");
  return (name) => whole.test(name);
}
