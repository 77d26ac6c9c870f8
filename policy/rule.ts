/** A resource as a policy sees it. Secrets are in clear in it. */
export interface ReviewedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/** Something that stacks must not do. */
export interface Rule {
  /** Stable: Pulumi Cloud and exemptions go by it. */
  readonly name: string;
  readonly description: string;
  /** Type tokens of the resources that it is about; all that begin with one of them. */
  readonly types: readonly string[];
  /** What is wrong with one, each a sentence with what helps, and without any value of the resource's; mostly nothing. */
  readonly check: (resource: ReviewedResource) => readonly string[];
}

/** A rule as the SDK takes it. */
export function validatorOf({ types, check }: Rule) {
  return (resource: ReviewedResource, report: (message: string) => void): void => {
    if (types.some((type) => resource.type.startsWith(type))) {
      check(resource).forEach((message) => {
        report(message);
      });
    }
  };
}

/** The stack of a resource, which its URN begins with (`urn:pulumi:<stack>::<project>::…`). */
export function stackOf({ urn }: Pick<ReviewedResource, "urn">): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
}

/**
 * What a reading gives; undefined for what is only known once the stack is brought up, which the SDK refuses to tell in a
 * preview.
 */
export function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
