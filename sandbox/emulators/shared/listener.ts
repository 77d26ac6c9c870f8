import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, type CallList, logLine } from "./calls.ts";
import { CONTROL_PREFIX } from "./control.ts";
import type { Fault, FaultList } from "./faults.ts";
import { bearerToken, fingerprint } from "./secrets.ts";
import { ApiError, type Exchange, findRoute, type Reply, type Route } from "./router.ts";

/** An emulated API that the listener serves. */
export interface Api {
  readonly name: string;
  readonly routes: readonly Route[];
  /** The vendor's response for an unknown path. */
  unknownRoute(exchange: Exchange): Reply;
  /**
   * The vendor's error body for a status, for an injected fault or a defect of the emulator.
   *
   * @param more An addition to its message.
   */
  failure(status: number, exchange: Exchange, more?: string): Reply;
  /** Stores the state. */
  save(): void;
}

/** The inputs of the listener besides the API. */
export interface ListenerParts {
  readonly control: readonly Route[];
  readonly calls: CallList;
  readonly faults: FaultList;
  readonly log: (line: string) => void;
  /** The bearer token that clients of the control API have to send. */
  readonly controlToken: string;
  /** The clock of the responses, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** The bodies of both emulated APIs are far smaller. */
const LARGEST_BODY = 1024 * 1024;

/** Serves an API together with its control API. */
export function apiListener(api: Api, parts: ListenerParts): RequestListener {
  return (request, response) => {
    serve(api, parts, request, response).catch((error: unknown) => {
      parts.log(`${api.name}: ${request.method} has no response: ${String(error)}`);
      response.destroy();
    });
  };
}

async function serve(
  api: Api,
  parts: ListenerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = await readExchange(request);
  if (exchange.path.startsWith(`${CONTROL_PREFIX}/`)) {
    send(response, await control(api, parts, exchange), parts);
    return;
  }
  const fault = parts.faults.take(exchange.method, exchange.path);
  const reply = await answer(api, parts, exchange, fault);
  record(api, parts, exchange, reply, fault);
  if (reply === "reset") {
    request.socket.resetAndDestroy();
  } else {
    send(response, reply, parts);
  }
}

async function readExchange(request: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) {
      throw new Error("the body is too large");
    }
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? "/", "http://emulator.invalid");
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: Buffer.concat(chunks).toString("utf8"),
    remoteAddress: request.socket.remoteAddress ?? "",
    params: {},
    who: "anonymous",
  };
}

async function control(api: Api, parts: ListenerParts, exchange: Exchange): Promise<Reply> {
  const presented = bearerToken(exchange.headers);
  if (presented === undefined || fingerprint(presented) !== fingerprint(parts.controlToken)) {
    return { status: 401, body: { error: "the control API requires the sandbox's control token" } };
  }
  const found = findRoute(parts.control, exchange.method, exchange.path);
  if (!found) {
    return { status: 404, body: { error: `no ${exchange.method} ${exchange.path}` } };
  }
  const reply = await found.handle(exchange);
  if (exchange.method !== "GET") {
    api.save();
  }
  return reply;
}

async function answer(
  api: Api,
  parts: ListenerParts,
  exchange: Exchange,
  fault: Fault | undefined,
): Promise<Reply | "reset"> {
  const injected =
    fault?.reset === true
      ? "reset"
      : fault?.status !== undefined
        ? api.failure(fault.status, exchange, fault.echo === true ? repeated(exchange) : "")
        : undefined;
  if (fault?.when === "before") {
    await sleep(fault.delayMs ?? 0);
    if (injected !== undefined) {
      return injected;
    }
  }
  const reply = await dispatch(api, parts, exchange);
  if (fault?.when === "after") {
    await sleep(fault.delayMs ?? 0);
    return injected ?? reply;
  }
  return reply;
}

function repeated({ headers, body }: Exchange): string {
  return ` You sent: ${headers.authorization ?? ""} ${body}`;
}

async function dispatch(api: Api, parts: ListenerParts, exchange: Exchange): Promise<Reply> {
  try {
    const found = findRoute(api.routes, exchange.method, exchange.path);
    if (!found) {
      return api.unknownRoute(exchange);
    }
    exchange.params = found.params;
    const reply = await found.handle(exchange);
    if (exchange.method !== "GET") {
      // Before the response: an effect that was reported to the caller must survive a kill.
      api.save();
    }
    return reply;
  } catch (error) {
    if (error instanceof ApiError) {
      return error.reply;
    }
    const place = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parts.log(`${api.name}: defect of the emulator: ${place}`);
    return api.failure(500, exchange);
  }
}

function record(
  api: Api,
  parts: ListenerParts,
  exchange: Exchange,
  reply: Reply | "reset",
  fault: Fault | undefined,
): void {
  const call: Call = {
    at: new Date().toISOString(),
    method: exchange.method,
    path: exchange.path,
    status: reply === "reset" ? reply : reply.status,
    who: exchange.who,
    ...(exchange.quotaProject === undefined ? {} : { quotaProject: exchange.quotaProject }),
    ...(exchange.denied === undefined ? {} : { denied: exchange.denied }),
    ...(fault === undefined ? {} : { fault: fault.match }),
  };
  parts.calls.add(call);
  parts.log(logLine(api.name, call));
}

function send(response: ServerResponse, reply: Reply, { now }: ListenerParts): void {
  const body = JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    ...reply.headers,
    "content-type": "application/json; charset=UTF-8",
    "content-length": Buffer.byteLength(body),
    date: new Date(now()).toUTCString(),
  });
  response.end(body);
}
