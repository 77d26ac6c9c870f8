import type { Setting } from "../plugin.ts";

/**
 * The relevant settings of the cloudflare provider, and their environment variables.
 *
 * @see https://github.com/cloudflare/terraform-provider-cloudflare/blob/main/internal/provider.go
 */
export const cloudflareSettings: Readonly<Record<string, Setting>> = {
  baseUrl: { environment: ["CLOUDFLARE_BASE_URL"] },
  apiToken: {
    environment: ["CLOUDFLARE_API_TOKEN"],
    // The message must not contain the value.
    check: (value) =>
      /^[0-9A-Za-z\-_]{40,80}$/.test(value)
        ? undefined
        : "API tokens must have 40 to 80 characters and only contain characters a-z, A-Z, 0-9, hyphens and underscores",
  },
  apiKey: {
    environment: ["CLOUDFLARE_API_KEY"],
    check: (value) =>
      /^[0-9A-Za-z\-_]{37,60}$/.test(value)
        ? undefined
        : "API key must only contain characters 0-9, a-z, A-Z, hyphens and underscores",
  },
  email: { environment: ["CLOUDFLARE_EMAIL"] },
  apiUserServiceKey: { environment: ["CLOUDFLARE_API_USER_SERVICE_KEY"] },
};
