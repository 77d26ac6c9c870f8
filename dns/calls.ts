import { RunError } from "@pulumi/pulumi";

/**
 * Calls a DNS provider's API.
 *
 * @param explain maps an error of the call to the error to throw
 */
export async function explained<T>(
  explain: (error: unknown) => unknown,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw explain(error);
  }
}

/**
 * Calls a DNS provider's API, and reports which action the provider refuses.
 *
 * @param failure the action that failed, as a sentence
 * @param answer maps an error to the text of the provider's answer; undefined where the error is not an answer
 * @throws RunError with both texts; an error that is not an answer, unchanged
 */
export function answered<T>(
  failure: string,
  answer: (error: unknown) => string | undefined,
  call: () => Promise<T>,
): Promise<T> {
  return explained((error) => {
    const text = answer(error);
    return text === undefined ? error : new RunError(`${failure}: ${text}`);
  }, call);
}
