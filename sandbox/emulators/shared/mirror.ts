/** Publishes TXT records where the ACME server's resolver finds them. */
export interface TxtMirror {
  /** Sets the values that `owner` (one zone of Google Cloud or Cloudflare) publishes at the host. */
  publish(owner: string, host: string, values: readonly string[]): Promise<void>;
}

/** The mirror without a challenge server. */
export const NO_MIRROR: TxtMirror = { publish: () => Promise.resolve() };

/**
 * Publishes through the management API of pebble-challtestsrv.
 *
 * `set-txt` adds one value and `clear-txt` removes all, so a change is one clear and one set per value.
 *
 * @see https://github.com/letsencrypt/pebble/tree/main/cmd/pebble-challtestsrv#dns-01
 */
export class ChallengeServerMirror implements TxtMirror {
  readonly #url: string;
  readonly #log: (line: string) => void;
  /**
   * Host to owner to values: Google Cloud and Cloudflare may both have the zone, and neither may remove the other's
   * values.
   */
  readonly #published = new Map<string, Map<string, readonly string[]>>();
  #last: Promise<void> = Promise.resolve();

  constructor(url: string, log: (line: string) => void) {
    this.#url = url.replace(/\/$/, "");
    this.#log = log;
  }

  publish(owner: string, host: string, values: readonly string[]): Promise<void> {
    const name = fullyQualified(host);
    const owners = this.#published.get(name) ?? new Map<string, readonly string[]>();
    this.#published.set(name, owners.set(owner, values));
    // One at a time: overlapping pairs of clear and set would lose or duplicate a value.
    this.#last = this.#last.then(() => this.#replace(name));
    return this.#last;
  }

  async #replace(host: string): Promise<void> {
    const values = new Set([...(this.#published.get(host)?.values() ?? [])].flat());
    try {
      await this.#post("clear-txt", { host });
      for (const value of values) {
        await this.#post("set-txt", { host, value });
      }
    } catch (error) {
      // The API call itself succeeded, so the failed publication is only logged.
      this.#log(`mirror: ${host} was not published: ${String(error)}`);
    }
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.#url}/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}`);
    }
  }
}

function fullyQualified(host: string): string {
  return `${host.toLowerCase().replace(/\.$/, "")}.`;
}
