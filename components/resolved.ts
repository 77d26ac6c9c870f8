import type * as pulumi from "@pulumi/pulumi";

/**
 * The value of an Output, for code that runs while resources are made, such as a hook, where it is known.
 *
 * @throws what the Output failed with
 */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  // Its promise is the SDK's own business by type, but the one way to learn of a failure.
  return (output as pulumi.Output<T> & { promise(): Promise<T> }).promise();
}
