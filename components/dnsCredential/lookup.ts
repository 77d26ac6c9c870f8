import { RunError, getStack } from "@pulumi/pulumi";
import { messageOf } from "../../lib/errors.ts";
import { shell } from "../../lib/shell.ts";

/**
 * What a cloud's refusal of a lookup means to the operator, as a sentence with the command that mends it.
 *
 * @param words the cloud's own words
 * @returns undefined where they are none of the usual ones, and so are shown as they are
 */
export type Explanation = (words: string) => string | undefined;

/**
 * What a cloud answers to a lookup of the program.
 *
 * @param what what is looked up, as the subject of "… could not be looked up"
 * @param answer the answer of the cloud's plugin
 * @param explanation what a refusal means
 * @throws RunError with what is to be done, without a stack trace: it is no fault of the program
 */
export async function lookup<T>(
  what: string,
  answer: Promise<T>,
  explanation: Explanation,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const words = cloudsWords(messageOf(error));
    const reason = explanation(words) ?? notNow(words) ?? words;
    throw new RunError(
      `${what} could not be looked up: ${reason}\nNothing was changed; then: ${shell`pulumi up -s ${getStack()}`}`,
    );
  }
}

/**
 * What the layers between a cloud and a program put before the cloud's words: the SDK (`Invoke of …`), the engine
 * (`invocation of …`), the bridge of Terraform's SDK and that of its plugin framework.
 *
 * @see https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/provider.go
 */
const wrappings = [
  /^Invoke of \S+ failed: /,
  /^invocation of \S+ returned an error: /,
  /^invoking \S+: /,
  /^\d+ errors? occurred:\s+\* /,
  /^failed to make http request: /,
];

/** A cloud's words without what others have put around them. */
export function cloudsWords(message: string): string {
  return wrappings.reduce((words, wrapping) => words.replace(wrapping, ""), message).trim();
}

/** Why a call did not come through, in the words of Go, which the official plugins are written in. */
const unreachable =
  /no such host|server misbehaving|i\/o timeout|connection (?:refused|reset|timed out|lost)|broken pipe|network is (?:unreachable|down)|no route to host|host is down|operation not permitted|TLS handshake|x509:|proxyconnect|malformed HTTP|deadline exceeded|Client\.Timeout|\bEOF$/;

/** A page in the place of an answer: not the cloud's API has answered, but what is between, such as a proxy. */
const page = / (\d{3}) [A-Z][\w -]*<(?:!doctype|html|head|body)\b/i;

/** A failure that is not about what was asked for, and so the same at every cloud. */
function notNow(words: string): string | undefined {
  const [reason] = unreachable.exec(words) ?? [];
  if (reason !== undefined) {
    // The last words are the reason; those before repeat the address.
    return `there is no answer (${words.split('": ').at(-1) ?? reason}). See to the connection and to HTTPS_PROXY and NO_PROXY.`;
  }
  const [, pageStatus] = page.exec(words) ?? [];
  if (pageStatus !== undefined) {
    return `there is no answer of the cloud's, but a page of something on the way to it (${pageStatus}), such as a proxy. See to the connection and to HTTPS_PROXY and NO_PROXY.`;
  }
  const [, code] = /does not answer \(([^)]*)\)/.exec(words) ?? [];
  if (code !== undefined) {
    return `there is no answer (${code}). See to the connection and to HTTPS_PROXY and NO_PROXY.`;
  }
  const [, status] = /(?:Error |": |answers )(429|5\d\d)\b/.exec(words) ?? [];
  return status === undefined
    ? undefined
    : `it answers ${status}${status === "429" ? ", too many requests" : ""}. Wait a few minutes.`;
}
