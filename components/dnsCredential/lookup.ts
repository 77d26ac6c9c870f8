import { getStack, RunError } from "@pulumi/pulumi";

/**
 * What a cloud answers to a lookup of the program.
 *
 * @param what what is looked up, as the subject of "… could not be looked up"
 * @throws RunError with the cloud's words, without a stack trace: it is no fault of the program
 */
export async function lookup<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new RunError(
      `${what} could not be looked up: ${words.replace(/^Invoke of \S+ failed: /, "")}\nNothing was changed. Try again: pulumi up -s ${getStack()}`,
    );
  }
}
