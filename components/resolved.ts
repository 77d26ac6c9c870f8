import type * as pulumi from "@pulumi/pulumi";

/**
 * The value of an Output, if it is known, for code that runs during a deployment, such as a hook.
 *
 * @throws the Output's error
 */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  // The promise is internal to the SDK, but the only way to get an error.
  return (output as pulumi.Output<T> & { promise(): Promise<T> }).promise();
}
