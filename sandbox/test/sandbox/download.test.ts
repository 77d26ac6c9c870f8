import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { ForwardProxy } from "../../../test/support/forwardProxy.ts";
import { silentReporter } from "../../processes/progress.ts";
import type { Archive } from "../../programs/artifacts.ts";
import { downloadsVariable, downloadUrl, openDownload } from "../../programs/download.ts";
import { temporaryDirectory } from "./temporary.ts";

/**
 * The time limit for detecting an unreachable server, in milliseconds; longer than the sandbox's own, for a busy
 * machine.
 */
const soon = 15_000;

describe("the download of an official build", function () {
  this.timeout(60_000);
  const directory = temporaryDirectory();
  const name = "tool";
  const content = "#!/bin/sh\necho 1.2.3\n";
  let archive: Archive;
  let bytes: Buffer;
  let server: Server | undefined;

  beforeEach(function () {
    pack(["folder", name].join("/"));
  });
  afterEach(function () {
    server?.close();
    server?.closeAllConnections();
    server = undefined;
  });

  /** Creates the archive, with the executable at a path in it. */
  function pack(path: string): void {
    const [source, file] = [join(directory(), "source"), join(directory(), "tool.tar.gz")];
    rmSync(source, { recursive: true, force: true });
    mkdirSync(join(source, path, ".."), { recursive: true });
    writeFileSync(join(source, path), content, { mode: 0o755 });
    execFileSync("tar", ["-czf", file, "-C", source, "."]);
    bytes = readFileSync(file);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    archive = { version: "1.2.3", folder: "http://nowhere.invalid/", file: "tool.tar.gz", sha256 };
  }

  /** @returns the URL of the server's folder */
  async function serve(
    answer: RequestListener = (_request, response) => response.end(bytes),
  ): Promise<string> {
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
  }

  async function download(mirror: string, environment: NodeJS.ProcessEnv = {}): Promise<void> {
    const url = downloadUrl(archive, { [downloadsVariable]: mirror }) ?? assert.fail();
    const open = await openDownload(archive, url, environment);
    await open.unpack(name, directory(), silentReporter.step(""));
  }

  function assertUnpacked(): void {
    const file = join(directory(), name);
    assert.equal(execFileSync(file, { encoding: "utf8" }), "1.2.3\n");
    assert(!existsSync(join(directory(), "unpacked")));
  }

  it("unpacks the executable, from the mirror's folder", async function () {
    const asked: (string | undefined)[] = [];
    const mirror = await serve((request, response) => {
      asked.push(request.url);
      response.end(bytes);
    });
    await download(mirror);
    assertUnpacked();
    assert.deepEqual(asked, ["/mirror/tool.tar.gz"]);
  });

  it("finds the executable without a folder around it", async function () {
    pack(name);
    await download(`${await serve()}/`);
    assertUnpacked();
  });

  it("follows a redirect", async function () {
    const mirror = await serve((request, response) => {
      if (request.url === "/mirror/tool.tar.gz") {
        response.writeHead(302, { location: "/elsewhere" }).end();
      } else {
        response.end(request.url === "/elsewhere" ? bytes : "");
      }
    });
    await download(mirror);
    assertUnpacked();
  });

  it("uses the proxy", async function () {
    const mirror = new URL(await serve());
    const proxy = await ForwardProxy.start(["mirror.test"]);
    try {
      mirror.hostname = "mirror.test";
      await download(mirror.href, { HTTP_PROXY: proxy.url });
      assertUnpacked();
      assert.deepEqual(proxy.log, [mirror.host]);
    } finally {
      proxy.stop();
    }
  });

  it("refuses other content, and names both checksums", async function () {
    const mirror = await serve((_request, response) => response.end("something else"));
    const other = createHash("sha256").update("something else").digest("hex");
    await assert.rejects(download(mirror), {
      message: `its SHA-256 is ${other}, not ${archive.sha256}`,
    });
    assert(!existsSync(join(directory(), name)));
  });

  it("refuses an interrupted download", async function () {
    const mirror = await serve((_request, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    });
    await assert.rejects(download(mirror), /aborted|premature/i);
    assert(!existsSync(join(directory(), name)));
  });

  it("refuses an archive without the executable", async function () {
    pack("folder/other");
    await assert.rejects(download(await serve()), /it has no file tool/);
  });

  it("reports the status of the server", async function () {
    const mirror = await serve((_request, response) => response.writeHead(404).end());
    await assert.rejects(download(mirror), /the server responds with status 404/);
  });

  it("does not follow endless redirects", async function () {
    const mirror = await serve((request, response) =>
      response.writeHead(302, { location: request.url }).end(),
    );
    await assert.rejects(download(mirror), /the server redirects too many times/);
  });

  describe("detects an unreachable server within seconds", function () {
    const started = () => Date.now();
    async function assertSoon(work: Promise<unknown>, message: RegExp): Promise<void> {
      const begin = started();
      await assert.rejects(work, message);
      assert(started() - begin < soon);
    }

    it("if nothing listens", async function () {
      await assertSoon(download("http://127.0.0.1:9/"), /ECONNREFUSED/);
    });

    it("if the name is unknown", async function () {
      await assertSoon(
        download("http://mirror.invalid/"),
        /ENOTFOUND|EAI_AGAIN|no response within/,
      );
    });

    it("if it accepts the connection and does not respond", async function () {
      const mirror = await serve(() => undefined);
      await assertSoon(download(mirror), /no response within 5 s/);
    });

    it("if the proxy is unreachable", async function () {
      const environment = { HTTP_PROXY: "http://127.0.0.1:9" };
      await assertSoon(download("http://mirror.test/", environment), /ECONNREFUSED/);
    });
  });

  it("comes from the publisher, unless another folder is set or downloads are off", function () {
    assert.equal(downloadUrl(archive, {}), "http://nowhere.invalid/tool.tar.gz");
    assert.equal(downloadUrl(archive, { [downloadsVariable]: "off" }), undefined);
    for (const mirror of ["https://mirror.test/a", "https://mirror.test/a/"]) {
      assert.equal(
        downloadUrl(archive, { [downloadsVariable]: mirror }),
        "https://mirror.test/a/tool.tar.gz",
      );
    }
    for (const wrong of ["no", "mirror.test", "ftp://mirror.test/"]) {
      assert.throws(() => downloadUrl(archive, { [downloadsVariable]: wrong }), {
        name: UserError.name,
        message: /AKASH_SANDBOX_DOWNLOADS is neither .*export AKASH_SANDBOX_DOWNLOADS=/,
      });
    }
  });
});
