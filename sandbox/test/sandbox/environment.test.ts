import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { sandboxEnvironment } from "../../pulumi/environment.ts";
import { projectDirectory, sandboxSource } from "../../paths.ts";
import { removeStalePulumiLocks } from "../../pulumi/pulumiLocks.ts";
import { clearUnfinished, markUnfinished, wasCutShort } from "../../cluster/unfinished.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("sandboxEnvironment", function () {
  const options = {
    directory: "/project/.sandbox",
    kubeconfig: "/project/.sandbox/kubeconfig",
    pulumi: { cli: "/cache/pulumi-1/pulumi", ownLanguageHost: false },
  };

  it("leads to the sandbox alone, whatever the user has set", function () {
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
        sandboxSource("pulumi/language-host"),
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

  it("keeps calls to the sandbox from going through a proxy, whichever variable names it", function () {
    for (const variable of ["NO_PROXY", "no_proxy"]) {
      const environment = sandboxEnvironment(options, {
        https_proxy: "http://proxy.test:3128",
        [variable]: "internal.test",
      });
      assert.equal(environment.https_proxy, "http://proxy.test:3128");
      for (const list of [environment.NO_PROXY, environment.no_proxy]) {
        assert.equal(list, "localhost,127.0.0.1,::1,internal.test");
      }
    }
  });

  it("lets a Pulumi installation use its own language host and plugins", function () {
    const pulumi = { cli: "/opt/pulumi/pulumi", ownLanguageHost: true };
    const environment = sandboxEnvironment({ ...options, pulumi }, { PATH: "/usr/bin" });
    assert(!environment.PATH?.includes("language-host"));
    assert(!("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" in environment));
  });
});

describe("what a killed process leaves", function () {
  const directory = temporaryDirectory();

  it("a Pulumi lock is removed when its process is dead, and kept otherwise", function () {
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

  it("unfinished work is recognised once its process is dead", function () {
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
