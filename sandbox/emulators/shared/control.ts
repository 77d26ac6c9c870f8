import type { CallList } from "./calls.ts";
import { type FaultList, parseFault } from "./faults.ts";
import { type JsonObject, parseObject } from "./json.ts";
import { type Exchange, type Handler, type Reply, type Route, route } from "./router.ts";

/** Path of the control API, on the server of the emulated API. */
export const CONTROL_PREFIX = "/_sandbox";

/** The parts of an emulator that the sandbox and the tests can read and set. */
export interface Controllable {
  /** The whole state without any secret, not even a hash of one. */
  dump(): unknown;
  /** Creates what the vendor's console or another team would have created; existing objects are kept. */
  seed(input: JsonObject): unknown;
  settings(): unknown;
  /** Changes the named settings; throws an Error that describes an invalid setting. */
  configure(input: JsonObject): void;
}

/**
 * The routes of the control API, which accepts only its own bearer token:
 *
 * | call | effect |
 * |---|---|
 * | `GET state` | the whole state, without secrets |
 * | `POST seed` | creates projects, accounts and zones |
 * | `GET`, `PATCH settings` | propagation delays and similar settings |
 * | `GET`, `DELETE calls` | the calls so far; clear them |
 * | `GET`, `POST`, `DELETE faults` | the pending faults; add one; remove all |
 */
export function controlRoutes(
  emulator: Controllable,
  calls: CallList,
  faults: FaultList,
): readonly Route[] {
  const withBody =
    (use: (input: JsonObject) => unknown): Handler =>
    (exchange) =>
      answer(exchange, use);
  const table: [method: string, path: string, handler: Handler][] = [
    ["GET", "state", () => ok(emulator.dump())],
    ["POST", "seed", withBody((input) => emulator.seed(input))],
    ["GET", "settings", () => ok(emulator.settings())],
    [
      "PATCH",
      "settings",
      withBody((input) => {
        emulator.configure(input);
        return emulator.settings();
      }),
    ],
    ["GET", "calls", () => ok({ calls: calls.list() })],
    [
      "DELETE",
      "calls",
      () => {
        calls.clear();
        return ok({ calls: calls.list() });
      },
    ],
    ["GET", "faults", () => ok({ faults: faults.list() })],
    [
      "POST",
      "faults",
      withBody((input) => {
        const fault = parseFault(input);
        if (typeof fault === "string") {
          throw new Error(fault);
        }
        faults.add(fault);
        return { faults: faults.list() };
      }),
    ],
    [
      "DELETE",
      "faults",
      () => {
        faults.clear();
        return ok({ faults: faults.list() });
      },
    ],
  ];
  return table.map(([method, path, handler]) =>
    route(method, `${CONTROL_PREFIX}/${path}`, handler),
  );
}

function answer(exchange: Exchange, use: (input: JsonObject) => unknown): Reply {
  const input = parseObject(exchange.body);
  if (!input) {
    return { status: 400, body: { error: "the body must be a JSON object" } };
  }
  try {
    return ok(use(input));
  } catch (error) {
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}
