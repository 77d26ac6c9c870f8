import { RunError } from "@pulumi/pulumi";

/**
 * Makes a call to a cloud.
 *
 * @param explain what to throw in place of what the call threw
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
 * Makes a call to a cloud, and says what was not possible where the cloud refuses it.
 *
 * @param failure what was not possible
 * @param answer what the cloud answered instead; undefined where the error says nothing of the cloud
 * @throws RunError with both; an error that says nothing of the cloud as it is
 */
export function answered<T>(
  failure: string,
  answer: (error: unknown) => string | undefined,
  call: () => Promise<T>,
): Promise<T> {
  return explained((error) => {
    const words = answer(error);
    return words === undefined ? error : new RunError(`${failure}: ${words}`);
  }, call);
}
