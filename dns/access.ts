/** How the clouds are reached; what is undefined is left to the vendors' defaults. */
export interface CloudAccess {
  readonly googleCloud: {
    /** Cloud DNS's address, with version and trailing slash. */
    readonly dnsEndpoint?: string | undefined;
    /** IAM's address, with version and trailing slash. */
    readonly iamEndpoint?: string | undefined;
    readonly accessToken?: string | undefined;
    /** Content or path of a credentials file. */
    readonly credentials?: string | undefined;
  };
  readonly cloudflare: {
    /** The API's address. */
    readonly endpoint?: string | undefined;
    readonly apiToken?: string | undefined;
  };
}
