import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { projectDirectory, sandboxSource } from "../../paths.ts";
import { invocationOf } from "../../pulumi/programInvocation.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("language host", function () {
  function request(options: Record<string, struct.JavaScriptValue>, directory = projectDirectory) {
    const info = new language.ProgramInfo();
    info.setRootDirectory(directory);
    info.setProgramDirectory(directory);
    info.setEntryPoint("index.ts");
    info.setOptions(struct.Struct.fromJavaScript(options));
    const run = new language.RunRequest();
    run.setInfo(info);
    run.setPwd(directory);
    run.setProject("project");
    run.setStack("local");
    run.setMonitorAddress("127.0.0.1:1");
    run.setParallel(4);
    run.setDryrun(true);
    run.getConfigMap().set("project:domain", "example.test");
    run.setConfigsecretkeysList(["project:walletKey"]);
    return run;
  }

  it("starts the SDK's runner with the entry point, the addresses and the configuration", function () {
    const options = { typescript: false, nodeargs: "--trace-warnings  --no-deprecation" };
    const { args, directory, environment } = invocationOf(request(options), "127.0.0.1:2");
    assert.equal(directory, projectDirectory);
    assert.deepEqual(args.slice(0, 2), ["--trace-warnings", "--no-deprecation"]);
    assert.match(args[2] ?? "", /@pulumi\/pulumi\/cmd\/run/);
    const flags = args.slice(3).join(" ");
    assert.match(flags, /--monitor 127\.0\.0\.1:1 --engine 127\.0\.0\.1:2/);
    assert.match(flags, /--project project --stack local/);
    assert.match(flags, /--parallel 4 --dry-run index\.ts$/);
    assert.equal(environment.PULUMI_CONFIG, '{"project:domain":"example.test"}');
    assert.equal(environment.PULUMI_CONFIG_SECRET_KEYS, '["project:walletKey"]');
    assert.equal(environment.PULUMI_NODEJS_TYPESCRIPT, "false");
  });

  it("says how to install a missing SDK", function () {
    const elsewhere = join(projectDirectory, "..", "nowhere");
    assert.throws(
      () => invocationOf(request({}, elsewhere), ""),
      /no package @pulumi\/pulumi: run `npm ci`/,
    );
  });

  describe("asked to install a project's packages", function () {
    this.timeout(60_000);
    const directory = temporaryDirectory();

    /** What the host answers where npm is this script. */
    async function install(script: string) {
      writeFileSync(join(directory(), "npm"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const host = spawn(process.execPath, [sandboxSource("pulumi/languageHost.ts")], {
        env: { ...process.env, PATH: `${directory()}:/usr/bin:/bin` },
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const [port] = (await once(host.stdout, "data")) as [Buffer];
        const client = new languageGrpc.LanguageRuntimeClient(
          `127.0.0.1:${port.toString().trim()}`,
          grpc.credentials.createInsecure(),
        );
        const info = new language.ProgramInfo();
        info.setRootDirectory(directory());
        const request = new language.InstallDependenciesRequest();
        request.setInfo(info);
        const answers = client.installDependencies(request);
        let [stdout, stderr] = ["", ""];
        for await (const answer of answers as AsyncIterable<language.InstallDependenciesResponse>) {
          stdout += Buffer.from(answer.getStdout_asU8()).toString();
          stderr += Buffer.from(answer.getStderr_asU8()).toString();
        }
        client.close();
        return { stdout, stderr };
      } finally {
        host.kill();
      }
    }

    it("runs npm there, and hands on what that says", async function () {
      const { stdout, stderr } = await install('echo "npm $* in $PWD"; echo warned >&2');
      assert.equal(stdout, `npm ci in ${directory()}\n`);
      assert.equal(stderr, "warned\n");
    });

    it("says how npm has ended otherwise", async function () {
      await assert.rejects(install("exit 3"), /were not installed: npm ended with exit code 3/);
      await assert.rejects(install("kill -9 $$"), /were not installed: npm ended by SIGKILL/);
    });
  });
});
