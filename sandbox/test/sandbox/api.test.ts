import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { Api, hasStatus } from "../../cluster/api.ts";
import { ensureCredentials, writeKubeconfig } from "../../cluster/credentials.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("the Kubernetes API of the sandbox's parts", function () {
  const directory = temporaryDirectory();
  let server: Server;
  let api: Api;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async function () {
    mkdirSync(directory(), { recursive: true });
    const credentials = await ensureCredentials(directory());
    const options = {
      cert: readFileSync(credentials.server.certificate),
      key: readFileSync(credentials.server.key),
      ca: readFileSync(credentials.ca),
      requestCert: true,
    };
    server = createServer(options, (request, response) => {
      answer(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const kubeconfig = join(directory(), "kubeconfig");
    writeKubeconfig(kubeconfig, credentials, (server.address() as AddressInfo).port);
    api = new Api(kubeconfig);
  });

  afterEach(function () {
    server.close();
    server.closeAllConnections();
  });

  it("lists the objects of a path", async function () {
    answer = ({ url }, response) => {
      response.end(JSON.stringify({ items: [url] }));
    };
    assert.deepEqual(await api.list("/api/v1/persistentvolumes"), ["/api/v1/persistentvolumes"]);
  });

  it("creates, replaces and deletes objects", async function () {
    const calls: string[] = [];
    answer = (request, response) => {
      void text(request).then((body) => {
        calls.push(`${request.method ?? ""} ${request.url ?? ""} ${body}`.trim());
        response.end("{}");
      });
    };
    await api.create("/all", { a: 1 });
    await api.replace("/all/one/status", { b: 2 });
    await api.delete("/all/one");
    assert.deepEqual(calls, [
      'POST /all {"a":1}',
      'PUT /all/one/status {"b":2}',
      "DELETE /all/one",
    ]);
  });

  it("reports a refusal by the API server, with its status", async function () {
    answer = (_request, response) => {
      response.writeHead(409).end("it is there already");
    };
    await assert.rejects(api.create("/all", {}), (error: Error) => {
      assert(hasStatus(error, 409) && !hasStatus(error, 404));
      assert.match(error.message, /^POST \/all: status 409: it is there already$/);
      return true;
    });
    await assert.rejects(
      api.watch("/all", () => undefined),
      (error) => hasStatus(error, 409),
    );
  });

  it("watches until the API server ends the watch, and reports a broken connection", async function () {
    answer = ({ url }, response) => {
      assert.equal(url, "/all?watch=true");
      response.write("{}\n");
      setTimeout(() => response.end("{}\n"), 50);
    };
    let changes = 0;
    await api.watch("/all", () => (changes += 1));
    assert.equal(changes, 2);

    answer = (_request, response) => {
      response.write("{}\n");
      setTimeout(() => response.destroy(), 50);
    };
    await assert.rejects(api.watch("/all", () => undefined));
  });
});
