import type * as pulumi from "@pulumi/pulumi";

/** The value of an Output, for code that runs while resources are made, such as a hook, where it is known. */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((done) => {
    output.apply(done);
  });
}
