import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { sandboxEnvironment, withVariables } from "../../pulumi/environment.ts";
import { membershipVariable } from "../../processes/parts.ts";
import { projectDirectory, sandboxSource } from "../../paths.ts";
import { removeStalePulumiLocks } from "../../pulumi/pulumiLocks.ts";
import { clearUnfinished, markUnfinished, wasCutShort } from "../../cluster/unfinished.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("sandboxEnvironment", function () {
  const options = {
    directory: "/project/.sandbox",
    kubeconfig: "/project/.sandbox/kubeconfig",
    pulumi: {
      cli: "/cache/pulumi-1/pulumi",
      languageHost: "/cache/pulumi-language-nodejs-1/pulumi-language-nodejs",
    },
  };

  it("points only to the sandbox, regardless of the user's variables", function () {
    const { PATH, ...environment } = sandboxEnvironment(options, {
      HOME: "/home/user",
      PATH: "/usr/bin",
      KUBECONFIG: "/home/user/.kube/production",
      HELM_DRIVER: "configmap",
      PULUMI_ACCESS_TOKEN: "token",
      PULUMI_STACK: "prod",
    });
    assert.equal(
      PATH,
      [
        join(projectDirectory, "node_modules", ".bin"),
        "/cache/pulumi-language-nodejs-1",
        sandboxSource("pulumi/plugins"),
        "/cache/pulumi-1",
        "/usr/bin",
      ].join(":"),
    );
    assert.equal(environment.HOME, "/home/user");
    assert.equal(environment.KUBECONFIG, options.kubeconfig);
    assert.equal(environment.PULUMI_BACKEND_URL, "file:///project/.sandbox/pulumi");
    assert.equal(environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION, "true");
    for (const name of ["HELM_DRIVER", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK"]) {
      assert(!(name in environment), name);
    }
  });

  it("contains none of the user's variables for Google Cloud, Cloudflare and proxies", function () {
    const foreign = {
      GOOGLE_CREDENTIALS: "key.json",
      GOOGLE_PROJECT: "project",
      GCLOUD_PROJECT: "project",
      CLOUDSDK_CORE_PROJECT: "project",
      CLOUDFLARE_API_KEY: "key",
      CLOUDFLARE_EMAIL: "user@example.test",
      CF_API_TOKEN: "token",
      TF_LOG: "trace",
      https_proxy: "http://proxy.example.test:3128",
      all_proxy: "http://proxy.example.test:3128",
    };
    const environment = sandboxEnvironment(options, { PATH: "/usr/bin", ...foreign });
    for (const name of Object.keys(foreign)) {
      assert(!(name in environment), name);
    }
  });

  it("keeps connections on this machine", function () {
    const environment = sandboxEnvironment(options, {
      PATH: "/usr/bin",
      no_proxy: "googleapis.com",
      HTTPS_PROXY: "http://proxy.example.test:3128",
      NO_PROXY: "googleapis.com",
    });
    const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, no_proxy, GCE_METADATA_HOST } = environment;
    assert.equal(HTTPS_PROXY, "http://127.0.0.1:9");
    assert.equal(HTTP_PROXY, HTTPS_PROXY);
    assert.equal(NO_PROXY, "127.0.0.1,localhost,::1");
    assert.equal(no_proxy, NO_PROXY);
    assert.equal(GCE_METADATA_HOST, "127.0.0.1:9");
  });

  it("keeps the variables that a test has set for a process of the sandbox", function () {
    const inside = sandboxEnvironment(options, {
      PATH: "/usr/bin",
      [membershipVariable]: options.directory,
      CLOUDFLARE_API_KEY: "key",
      HTTPS_PROXY: "http://127.0.0.1:3128",
    });
    assert.equal(inside.CLOUDFLARE_API_KEY, "key");
    assert.equal(inside.HTTPS_PROXY, "http://127.0.0.1:3128");
  });

  it("is overridden by a test's own proxy, in upper and lower case", function () {
    const environment = { PATH: "/usr/bin", HTTPS_PROXY: "http://127.0.0.1:9" };
    const own = { https_proxy: "http://127.0.0.1:3128" };
    assert.deepEqual(withVariables(environment, own), { PATH: "/usr/bin", ...own });
  });

  it("lets a Pulumi installation use its own language host and plugins", function () {
    const pulumi = { cli: "/opt/pulumi/pulumi" };
    const environment = sandboxEnvironment({ ...options, pulumi }, { PATH: "/usr/bin" });
    assert.equal(
      environment.PATH,
      [join(projectDirectory, "node_modules", ".bin"), "/opt/pulumi", "/usr/bin"].join(":"),
    );
    assert(!("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" in environment));
  });
});

describe("leftovers of a killed process", function () {
  const directory = temporaryDirectory();

  it("a Pulumi lock is removed if its process is dead, and kept otherwise", function () {
    const locks = join(
      directory(),
      "pulumi",
      ".pulumi",
      "locks",
      "organization",
      "project",
      "local",
    );
    mkdirSync(locks, { recursive: true });
    const write = (name: string, pid: number, host = hostname()) => {
      writeFileSync(join(locks, `${name}.json`), JSON.stringify({ pid, hostname: host }));
    };
    const { pid } = spawnSync(process.execPath, ["--version"]);
    write("dead", pid);
    write("alive", process.pid);
    write("elsewhere", pid, "another-machine.example");
    assert.equal(removeStalePulumiLocks(directory()), 1);
    assert(!existsSync(join(locks, "dead.json")));
    assert(existsSync(join(locks, "alive.json")));
    assert(existsSync(join(locks, "elsewhere.json")));
  });

  it("there are no locks before the first deployment", function () {
    assert.equal(removeStalePulumiLocks(directory()), 0);
  });

  it("unfinished work is detected when its process is dead", function () {
    assert.equal(wasCutShort(directory()), false);
    const unfinished = sandboxSource("cluster/unfinished.ts");
    const script = `
      import { markUnfinished } from ${JSON.stringify(unfinished)};
      markUnfinished(${JSON.stringify(directory())});
      process.kill(process.pid, "SIGKILL");`;
    spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    assert.equal(wasCutShort(directory()), true);
    markUnfinished(directory());
    assert.equal(wasCutShort(directory()), false, "this process is at work");
    clearUnfinished(directory());
    assert.equal(wasCutShort(directory()), false);
  });
});
