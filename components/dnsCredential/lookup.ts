import { RunError } from "@pulumi/pulumi";

/**
 * What a cloud answers to a lookup of the program.
 *
 * @param what what is looked up, as the subject of "… could not be looked up"
 * @param explain what else there is to say of the cloud's words. Default: nothing
 * @throws RunError with the cloud's words, without a stack trace: it is no fault of the program
 */
export async function lookup<T>(
  what: string,
  answer: Promise<T>,
  explain: (words: string) => string | undefined = () => undefined,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const explanation = explain(words);
    throw new RunError(
      `${what} could not be looked up: ${words.replace(/^Invoke of \S+ failed: /, "")}\n` +
        `${explanation === undefined ? "" : `${explanation}\n`}Nothing was changed; the next pulumi up tries again.`,
    );
  }
}
