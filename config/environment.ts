import { ownName } from "../lib/stackFile.ts";

/** What a stack is for: a trial, with certificates that no client trusts, or the real thing. */
export type Environment = "staging" | "production";

/** The directory URLs of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/). */
export const letsEncryptDirectory = {
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
  production: "https://acme-v02.api.letsencrypt.org/directory",
} as const;

/** What says of a word beside it that it is not meant, or is only one of two. */
const counterword =
  /^(non|not|no|never|pre|post|anti|un|pseudo|semi|quasi|near|nearly|almost|like|fake|mock|test|tests|testing|dev|devel|development|qa|uat|demo|sandbox|preview)$/;

const environments: ReadonlyMap<string, Environment> = new Map([
  ["staging", "staging"],
  ["prod", "production"],
  ["production", "production"],
]);

/**
 * Which environment a stack is for, by the last part of its name: `staging`, `prod`, `prod-eu` and the like. Undefined
 * where it says neither, both, or the opposite, as `pre-prod` does.
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

/** What earlier releases took such a stack for, which went by the first such word alone. */
export function formerEnvironment(stack: string): Environment | undefined {
  const [word = ""] =
    /(?<=^|[-_.])(staging|production|prod)(?=$|[-_.])/.exec(ownName(stack).toLowerCase()) ?? [];
  return environments.get(word);
}
