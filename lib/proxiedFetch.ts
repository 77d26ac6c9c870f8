import { proxyAgent } from "./proxy.ts";

/**
 * `fetch` through the environment's proxy for the address ({@link proxyFor}). Node's own `fetch` ignores these variables
 * unless the process is started with proxy support.
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
    // Unchanged and for any status: the caller reads and checks the response.
    responseType: "stream",
    validateStatus: () => true,
  });
  return response;
};
