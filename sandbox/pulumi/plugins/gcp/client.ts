import { messageOf } from "../../../../lib/errors.ts";
import { type ApiReply, callApi, ConnectionError, refusal, spelled } from "../http.ts";
import { backOff } from "../pace.ts";
import type { Settings } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";
import { type TokenSource, tokenSource } from "./authorization.ts";

/** Google's services, with the setting of each endpoint. */
const SERVICES = {
  iam: "iamBetaCustomEndpoint",
  resourceManager: "resourceManagerCustomEndpoint",
  dns: "dnsCustomEndpoint",
} as const;

/** The name of a service. */
export type GoogleService = keyof typeof SERVICES;

/** The generated clients of these services replace the last segment of the endpoint with their own version. */
const GENERATED: readonly GoogleService[] = ["iam", "resourceManager"];

/** Statuses after which the transport of the official provider retries, for any method. */
const RETRIED: readonly number[] = [429, 500, 502, 503];

/**
 * Pauses before each retry, in seconds: a Fibonacci series, at most 90 s in total.
 *
 * @see https://github.com/hashicorp/terraform-provider-google/blob/main/google/transport/retry_transport.go
 */
const PAUSES: readonly number[] = [0.5, 1, 1.5, 2.5, 4, 6.5, 10.5, 17, 27.5];

/** The client of the gcp plugin. */
export class GoogleCloud {
  readonly #settings: Settings;
  readonly #token: TokenSource;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#token = tokenSource(settings);
  }

  /** The project of the provider. */
  get project(): string | undefined {
    return this.#settings.project;
  }

  /** The deletion policy of resources without one of their own. */
  get deletionPolicy(): string {
    return this.#settings.deletionPolicy ?? "DELETE";
  }

  /**
   * Sends a request, and retries transient failures.
   *
   * @param path Relative to the endpoint of the service, with an optional query.
   * @throws CloudError with Google's message.
   */
  async call(
    service: GoogleService,
    method: string,
    path: string,
    body?: object,
  ): Promise<Properties> {
    const url = `${this.#endpoint(service)}${path}${path.includes("?") ? "&" : "?"}alt=json`;
    const token = await this.#authorized(method, url);
    const headers = { authorization: `Bearer ${token}`, ...this.#quotaProject() };
    const request = { method, url, headers, ...(body ? { body } : {}) };
    for (const pause of PAUSES) {
      try {
        const reply = await callApi(request);
        if (!RETRIED.includes(reply.status)) {
          return resultOf(reply, token);
        }
      } catch (error) {
        if (!(error instanceof ConnectionError && error.broken)) {
          throw error;
        }
      }
      await backOff(pause);
    }
    return resultOf(await callApi(request), token);
  }

  /** Google's client fetches a token as part of each call. */
  async #authorized(method: string, url: string): Promise<string> {
    try {
      return await this.#token();
    } catch (error) {
      throw new Error(`${spelled(method)} "${url}": ${messageOf(error)}`, { cause: error });
    }
  }

  /** The quota project of the calls: the provider's own with an override, else that of Google's libraries. */
  #quotaProject(): Readonly<Record<string, string>> {
    const { billingProject, quotaProject, userProjectOverride } = this.#settings;
    const project = (userProjectOverride === "true" ? billingProject : undefined) ?? quotaProject;
    return project === undefined ? {} : { "x-goog-user-project": project };
  }

  /** There is no default: a stand-in must never reach the real APIs. */
  #endpoint(service: GoogleService): string {
    const setting = SERVICES[service];
    const value = this.#settings[setting];
    if (value === undefined) {
      throw new Error(
        `gcp:${setting} is not set; the stand-in for the gcp plugin does not call the real Google Cloud`,
      );
    }
    return GENERATED.includes(service) ? value.replace(/[^/]+\/$/, "v1/") : value;
  }
}

function resultOf({ status, body }: ApiReply, token: string): Properties {
  if (status < 300) {
    return objectOf(body);
  }
  const error = objectOf(objectOf(body).error);
  const reason = textOf(objectOf(listOf(error.errors)[0]).reason);
  const message = textOf(error.message) || "no message";
  const text = `googleapi: Error ${status}: ${message}${reason ? `, ${reason}` : ""}`;
  throw refusal(status, text, [token]);
}
