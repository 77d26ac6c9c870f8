import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { selfSigned } from "../../emulators/google/certificates.ts";

const MAIN = join(import.meta.dirname, "../../emulators/main.ts");
const TOKEN = "ya29.from-the-environment";

/** The line that the process prints when it is ready. */
interface Ready {
  readonly googleUrl: string;
  readonly googleTlsUrl: string;
  readonly cloudflareAdminToken: string;
  readonly googleAdminToken?: string;
  readonly controlToken: string;
}

describe("the emulators as a process", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "emulators-"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("prints its addresses, stores state and log, and ends on SIGTERM", async () => {
    const [state, log] = [join(folder, "state.json"), join(folder, "log")];
    const { cert, key } = certificate();
    const child = start("--state", state, "--log", log, "--tls-cert", cert, "--tls-key", key);
    const ready = await readyLine(child);
    assert.equal(ready.googleAdminToken, undefined, "a token that was given is not printed");
    assert.match(ready.cloudflareAdminToken, /^[0-9A-Za-z]{40}$/);
    const seed = (token: string) =>
      fetch(`${ready.googleUrl}/_sandbox/seed`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ projects: [{ projectId: "p" }] }),
      });
    // The operator's token is accepted by the emulated API, but not by the control API.
    assert.equal((await seed(TOKEN)).status, 401);
    assert.equal((await seed(ready.controlToken)).status, 200);
    const project = await fetch(`${ready.googleUrl}/v1/projects/p`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(project.status, 200);
    assert.equal(await tlsStatus(`${ready.googleTlsUrl}/v1/projects/p`, cert), 401);

    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
    assert.ok(existsSync(state));
    assert.match(readFileSync(log, "utf8"), /google GET \/v1\/projects\/p 200/);
  }).timeout(20_000);

  for (const [args, message] of [
    [["--google-port", "x"], /^x is not a port\nusage:/],
    [["--tls-cert", "a"], /^--tls-cert and --tls-key must be set together\nusage:/],
    [["--nonsense"], /^Unknown option '--nonsense'/],
  ] as const) {
    it(`refuses ${args.join(" ")}`, async () => {
      const child = start(...args);
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
      const [code] = (await once(child, "close")) as [number];
      assert.equal(code, 1);
      assert.match(said, message);
    }).timeout(20_000);
  }

  function certificate(): { cert: string; key: string } {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const [from, until] = [new Date(Date.now() - 60_000), new Date(Date.now() + 3_600_000)];
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(cert, selfSigned({ publicKey, privateKey }, "dns.sandbox.test", from, until));
    writeFileSync(key, privateKey, { mode: 0o600 });
    return { cert, key };
  }
});

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { GOOGLE_ADMIN_TOKEN: TOKEN },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function readyLine(child: ChildProcess): Promise<Ready> {
  assert.ok(child.stdout);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return JSON.parse(line) as Ready;
}

/** The status of a call over HTTPS to a server with that certificate, regardless of its address. */
function tlsStatus(url: string, certFile: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { ca: readFileSync(certFile), checkServerIdentity: () => undefined };
    request(url, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
