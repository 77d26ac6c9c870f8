import { type RunningEmulators, startEmulators } from "../../emulators/server.ts";

/** One call to an emulator. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number | "reset";
}

/** The control API of one emulator. */
export class Control {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async seed(input: object): Promise<Record<string, unknown>> {
    return (await this.#send("POST", "seed", input)) as Record<string, unknown>;
  }

  async fail(fault: object): Promise<void> {
    await this.#send("POST", "faults", fault);
  }

  /** The calls that `work` makes, as "METHOD path". */
  async callsOf(work: () => Promise<unknown>): Promise<string[]> {
    await this.#send("DELETE", "calls");
    await work();
    const { calls } = (await this.#send("GET", "calls")) as { calls: readonly Call[] };
    return calls.map(({ method, path }) => `${method} ${path}`);
  }

  async state(): Promise<unknown> {
    return await this.#send("GET", "state");
  }

  /** Removes the effects of a test. */
  async reset(): Promise<void> {
    await this.#send("DELETE", "faults");
    await this.#send("DELETE", "calls");
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const reply: unknown = await response.json();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`);
    }
    return reply;
  }
}

/** Emulators on free ports, and the control API of each. */
export async function emulators(): Promise<
  RunningEmulators & { google: Control; cloudflare: Control }
> {
  const running = await startEmulators();
  return {
    ...running,
    google: new Control(running.control.google, running.controlToken),
    cloudflare: new Control(running.control.cloudflare, running.controlToken),
  };
}

/** Inputs of the Google Cloud provider that point to the emulator. */
export function googleSettings(url: string): Record<string, string> {
  return {
    iamBetaCustomEndpoint: `${url}/v1/`,
    resourceManagerCustomEndpoint: `${url}/v1/`,
    dnsCustomEndpoint: `${url}/dns/v1beta2/`,
  };
}
