import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, globSync, mkdirSync, renameSync } from "node:fs";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { basename, dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf, UserError } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { proxyAgent, withoutUserinfo } from "../../lib/proxy.ts";
import { shell } from "../../lib/shell.ts";
import type { Step } from "../processes/progress.ts";
import type { Archive } from "./artifacts.ts";

/**
 * The variable that names the source of official builds: the URL of a folder that has the archives under their
 * original names, or `off` to build everything. Default: the publishers' servers.
 */
export const downloadsVariable = "AKASH_SANDBOX_DOWNLOADS";

/**
 * Timeouts for connecting and the first bytes of the response, and between two pieces of the response, in
 * milliseconds.
 */
const patience = { answer: 5_000, piece: 15_000 } as const;

/** The maximum number of redirects. */
const mostRedirects = 5;

/** An archive whose server has begun to send it. */
export interface OpenDownload {
  readonly archive: Archive;
  /** The archive's URL. */
  readonly url: string;
  /** The archive's length in bytes, if the server sends it. */
  readonly bytes: number | undefined;
  /**
   * Receives the archive, and puts the executable `name` from it into `folder`.
   *
   * @throws Error when the archive is incomplete, has another checksum, or does not contain the file
   */
  unpack(name: string, folder: string, step: Step): Promise<void>;
  /** Cancels the download. */
  cancel(): void;
}

/**
 * The URL of an archive, according to the environment.
 *
 * @returns undefined if downloads are off
 * @throws UserError when the variable is neither a URL nor `off`
 */
export function downloadUrl(
  { folder, file }: Archive,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const mirror = environment[downloadsVariable] ?? "";
  if (mirror === "off") {
    return undefined;
  }
  if (mirror === "") {
    return new URL(file, folder).href;
  }
  const { protocol } = URL.parse(mirror) ?? {};
  if (protocol !== "https:" && protocol !== "http:") {
    throw new UserError(
      `${downloadsVariable} is neither the http or https URL of a folder nor off: ` +
        shell`export AKASH_SANDBOX_DOWNLOADS=${"https://HOST/FOLDER"}`,
    );
  }
  return new URL(file, mirror.endsWith("/") ? mirror : `${mirror}/`).href;
}

/**
 * Requests an archive, through the environment's proxy if it has one. An unreachable server is detected within
 * seconds.
 *
 * @throws Error with a short reason
 */
export async function openDownload(
  archive: Archive,
  url: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<OpenDownload> {
  const answer = await get(url, environment, mostRedirects);
  const length = Number(answer.headers["content-length"]);
  const bytes = Number.isSafeInteger(length) ? length : undefined;
  // Before the response is read, an error has no other listener.
  answer.on("error", () => undefined);
  return {
    archive,
    url,
    bytes,
    unpack: (name, folder, step) => unpack({ archive, answer, bytes, name, folder, step }),
    cancel: () => {
      answer.destroy();
    },
  };
}

async function get(
  url: string,
  environment: NodeJS.ProcessEnv,
  redirects: number,
): Promise<IncomingMessage> {
  const agent = await proxyAgent(url, environment);
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  const signal = AbortSignal.timeout(patience.answer);
  const request = send(url, { ...(agent && { agent }) });
  // After the response begins, errors are reported by the response.
  request.on("error", () => undefined);
  const giveUp = () => {
    request.destroy(new Error(`no response within ${patience.answer / 1000} s`));
  };
  signal.addEventListener("abort", giveUp);
  let answer: IncomingMessage;
  try {
    request.end();
    [answer] = (await once(request, "response")) as [IncomingMessage];
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  const { statusCode = 0, headers } = answer;
  if (statusCode === 200) {
    return answer;
  }
  answer.destroy();
  const onward = headers.location && URL.parse(headers.location, url)?.href;
  if (statusCode < 300 || statusCode >= 400 || !onward) {
    throw new Error(`the server responds with status ${statusCode}`);
  }
  if (redirects === 0) {
    throw new Error("the server redirects too many times");
  }
  return get(onward, environment, redirects - 1);
}

interface Unpacking {
  readonly archive: Archive;
  readonly answer: IncomingMessage;
  readonly bytes: number | undefined;
  readonly name: string;
  readonly folder: string;
  readonly step: Step;
}

async function unpack(unpacking: Unpacking): Promise<void> {
  const { archive, name, folder } = unpacking;
  const unpacked = join(folder, "unpacked");
  const file = join(folder, archive.file);
  const digest = await receive(unpacking, file);
  if (digest !== archive.sha256) {
    throw new Error(`its SHA-256 is ${digest}, not ${archive.sha256}`);
  }
  mkdirSync(unpacked);
  await extract(file, unpacked);
  // Some archives have a folder around their files, others do not.
  const [found] = [name, join("*", name)].flatMap((path) => globSync(path, { cwd: unpacked }));
  if (found === undefined) {
    throw new Error(`it has no file ${name}`);
  }
  renameSync(join(unpacked, found), join(folder, name));
  remove(unpacked);
  remove(file);
}

/** @returns the SHA-256 of the received data, in hexadecimal digits */
async function receive({ answer, bytes, step }: Unpacking, file: string): Promise<string> {
  const hash = createHash("sha256");
  let received = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      const all = bytes === undefined ? "" : ` of ${megabytes(bytes)}`;
      step.update(`${megabytes(received)}${all} MB`);
      done(undefined, chunk);
    },
  });
  answer.setTimeout(patience.piece, () => {
    answer.destroy(new Error(`no more data within ${patience.piece / 1000} s`));
  });
  await pipeline(answer, watch, createWriteStream(file));
  return hash.digest("hex");
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

async function extract(file: string, folder: string): Promise<void> {
  const tar = spawn("tar", ["-xzf", basename(file), "-C", folder], {
    cwd: dirname(file),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [words, [code]] = await Promise.all([
    tar.stderr.toArray() as Promise<Buffer[]>,
    once(tar, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0) {
    throw new Error(`tar cannot unpack it: ${Buffer.concat(words).toString().trim()}`);
  }
}

/** The reason why an archive is not used, as a line for the user. */
export function describeFailure({ file }: Archive, url: string, error: unknown): string {
  const address = withoutUserinfo(url);
  return `${file} cannot be used, so its program is built: ${messageOf(error)} (${address}).`;
}
