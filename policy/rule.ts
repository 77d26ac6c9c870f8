/** A resource for a policy. It contains secrets in plain text. */
export interface ReviewedResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly props: Readonly<Record<string, unknown>>;
}

/** A rule for stacks. */
export interface Rule {
  /** Stable: Pulumi Cloud and exemptions use it. */
  readonly name: string;
  readonly description: string;
  /** Prefixes of the type tokens of the checked resources. */
  readonly types: readonly string[];
  /** The violations of a resource, each with its fix, and without any value of the resource; empty for a valid resource. */
  readonly check: (resource: ReviewedResource) => readonly string[];
}

/** A rule in the form of the SDK. */
export function validatorOf({ types, check }: Rule) {
  return (resource: ReviewedResource, report: (message: string) => void): void => {
    if (types.some((type) => resource.type.startsWith(type))) {
      check(resource).forEach((message) => {
        report(message);
      });
    }
  };
}

/** The stack of a resource, from its URN (`urn:pulumi:<stack>::<project>::…`). */
export function stackOf({ urn }: Pick<ReviewedResource, "urn">): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
}

/**
 * The result of a read; undefined for a value that is unknown before the update, where the SDK throws in a preview.
 */
export function known<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
