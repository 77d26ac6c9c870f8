import { ownName } from "../lib/stackFile.ts";

/** The environment of a stack: staging has certificates that no client trusts. */
export type Environment = "staging" | "production";

/** The directory URLs of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/). */
export const letsEncryptDirectory = {
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
  production: "https://acme-v02.api.letsencrypt.org/directory",
} as const;

/** Words that negate or qualify the environment in a stack's name. */
const counterword =
  /^(non|not|no|never|pre|post|anti|un|pseudo|semi|quasi|near|nearly|almost|like|fake|mock|test|tests|testing|dev|devel|development|qa|uat|demo|sandbox|preview)$/;

const environments: ReadonlyMap<string, Environment> = new Map([
  ["staging", "staging"],
  ["prod", "production"],
  ["production", "production"],
]);

/**
 * The environment of a stack, by the last part of its name: `staging`, `prod`, `prod-eu` and the like. Undefined where the
 * name indicates neither, both, or the opposite, such as `pre-prod`.
 */
export function stackEnvironment(stack: string): Environment | undefined {
  const words = ownName(stack)
    .toLowerCase()
    .split(/[-_.]+/);
  const [environment, ...others] = new Set(words.flatMap((word) => environments.get(word) ?? []));
  return others.length > 0 || words.some((word) => counterword.test(word))
    ? undefined
    : environment;
}

/** The environment of a stack in earlier releases, which used only the first such word. */
export function formerEnvironment(stack: string): Environment | undefined {
  const [word = ""] =
    /(?<=^|[-_.])(staging|production|prod)(?=$|[-_.])/.exec(ownName(stack).toLowerCase()) ?? [];
  return environments.get(word);
}
