import { proxyAgent } from "./proxy.ts";

/**
 * `fetch`, through the proxy that the environment names for the address ({@link proxyFor}). Node's own looks at no such
 * variable unless the process was started for it.
 */
export const proxiedFetch: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : input;
  const agent = await proxyAgent(url);
  if (agent === undefined) {
    return fetch(input, init);
  }
  const { gaxios } = await import("google-auth-library");
  const response = await new gaxios.Gaxios().request<unknown>({
    ...(init as object),
    url,
    agent,
    // As it comes, whatever its status: to read and to judge it is the caller's.
    responseType: "stream",
    validateStatus: () => true,
  });
  return response;
};
