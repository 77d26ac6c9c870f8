import { RunError, getStack } from "@pulumi/pulumi";
import { messageOf } from "../../lib/errors.ts";
import { shell } from "../../lib/shell.ts";

/**
 * Explains a DNS provider's refusal of a lookup, as a sentence with the command that fixes it.
 *
 * @param words the DNS provider's error text
 * @returns undefined for an unknown text, which is then shown unchanged
 */
export type Explanation = (words: string) => string | undefined;

/**
 * Awaits the result of a lookup at a DNS provider, and explains a failure.
 *
 * @param what the subject of "… could not be looked up"
 * @param answer the result from the DNS provider's plugin
 * @param explanation explains a refusal
 * @throws RunError with the remedy, without a stack trace, since the cause is not in the program
 */
export async function lookup<T>(
  what: string,
  answer: Promise<T>,
  explanation: Explanation,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const words = cloudMessage(messageOf(error));
    const reason = explanation(words) ?? notNow(words) ?? words;
    throw new RunError(
      `${what} could not be looked up: ${reason}\nNothing was changed. After the fix, run: ${shell`pulumi up -s ${getStack()}`}`,
    );
  }
}

/**
 * The prefixes that the layers between a DNS provider and a program add to the provider's error text: the SDK
 * (`Invoke of …`), the engine (`invocation of …`), the bridges of Terraform's SDK and of its plugin framework.
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

/** A DNS provider's error text without the prefixes of other layers. */
export function cloudMessage(message: string): string {
  return wrappings.reduce((words, wrapping) => words.replace(wrapping, ""), message).trim();
}

/** Network errors in the form of Go, the language of the official plugins. */
const unreachable =
  /no such host|server misbehaving|i\/o timeout|connection (?:refused|reset|timed out|lost)|broken pipe|network is (?:unreachable|down)|no route to host|host is down|operation not permitted|TLS handshake|x509:|proxyconnect|malformed HTTP|deadline exceeded|Client\.Timeout|\bEOF$/;

/** A web page instead of an API response, from a proxy or another server in between. */
const page = / (\d{3}) [A-Z][\w -]*<(?:!doctype|html|head|body)\b/i;

/** A failure that does not depend on the request or on the DNS provider. */
function notNow(words: string): string | undefined {
  const [reason] = unreachable.exec(words) ?? [];
  if (reason !== undefined) {
    // The last part is the reason; the parts before repeat the address.
    return `there is no response (${words.split('": ').at(-1) ?? reason}). Check the network connection, HTTPS_PROXY and NO_PROXY.`;
  }
  const [, pageStatus] = page.exec(words) ?? [];
  if (pageStatus !== undefined) {
    return `the response is a web page, not an API response (${pageStatus}), for example from a proxy. Check the network connection, HTTPS_PROXY and NO_PROXY.`;
  }
  const [, code] = /does not respond \(([^)]*)\)/.exec(words) ?? [];
  if (code !== undefined) {
    return `there is no response (${code}). Check the network connection, HTTPS_PROXY and NO_PROXY.`;
  }
  const [, status] = /(?:Error |": |responds with )(429|5\d\d)\b/.exec(words) ?? [];
  return status === undefined
    ? undefined
    : `the API responds with ${status}${status === "429" ? ", too many requests" : ""}. Wait a few minutes.`;
}
