import { gaxios } from "google-auth-library";

/** Google's token address, the only one that its client library knows. */
const googleTokens = "https://oauth2.googleapis.com/token";

/**
 * A transport that asks for tokens where a credentials file says, as Google's Go libraries do, and not at Google's own
 * address. The address is another one before anything is made of it, such as the choice of a proxy.
 */
export class TokenTransport extends gaxios.Gaxios {
  private readonly tokenUri: string;

  constructor(tokenUri: string) {
    super();
    this.tokenUri = tokenUri;
  }

  override request<T = unknown>(options: gaxios.GaxiosOptions = {}): gaxios.GaxiosPromise<T> {
    const own = String(options.url ?? "") === googleTokens;
    return super.request<T>(own ? { ...options, url: this.tokenUri } : options);
  }
}
