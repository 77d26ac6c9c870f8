import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";

describe("the sandbox's language host", function () {
  let folder: string;
  let host: ChildProcess;
  let client: languageGrpc.LanguageRuntimeClient;

  before(async function () {
    const programs = await ensurePrograms(["pulumi-language-nodejs"], silentReporter);
    folder = mkdtempSync(join(tmpdir(), "language-host-"));
    const path = [folder, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
    const child = spawn(
      programs.get("pulumi-language-nodejs")?.path ?? "",
      ["--tracing=", "127.0.0.1:2"],
      { env: { PATH: path, ELSE: "kept" }, stdio: ["ignore", "pipe", "inherit"] },
    );
    host = child;
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    client = new languageGrpc.LanguageRuntimeClient(
      `127.0.0.1:${port.toString().trim()}`,
      grpc.credentials.createInsecure(),
    );
  });

  after(async function () {
    client.close();
    const ended = once(host, "exit");
    host.kill();
    await ended;
    rmSync(folder, { recursive: true });
  });

  /** Writes an SDK to the folder with this script as its runner. */
  function installRunner(script: string, name = "run"): void {
    const runner = join(folder, "node_modules", "@pulumi", "pulumi", "cmd", name);
    mkdirSync(runner, { recursive: true });
    writeFileSync(join(runner, "index.js"), script);
  }

  function programInfo(options: Record<string, struct.JavaScriptValue> = {}) {
    const info = new language.ProgramInfo();
    info.setRootDirectory(folder);
    info.setProgramDirectory(folder);
    info.setEntryPoint("index.ts");
    info.setOptions(struct.Struct.fromJavaScript(options));
    return info;
  }

  async function run(info = programInfo()): Promise<language.RunResponse> {
    const request = new language.RunRequest();
    request.setInfo(info);
    request.setPwd(folder);
    request.setProject("project");
    request.setStack("local");
    request.setMonitorAddress("127.0.0.1:1");
    request.setParallel(4);
    request.setDryrun(true);
    request.getConfigMap().set("project:domain", "<example>.test");
    request.setConfigsecretkeysList(["project:walletKey"]);
    return promisify((answer: (error: Error | null, response: language.RunResponse) => void) =>
      client.run(request, answer),
    )();
  }

  it("starts the SDK's runner with the entry point, the addresses and the configuration", async function () {
    installRunner(`
      const { execArgv, argv, env } = process;
      require("node:fs").writeFileSync("told.json", JSON.stringify({ execArgv, argv, env, cwd: process.cwd() }));
    `);
    const options = { typescript: false, nodeargs: "--trace-warnings  --no-deprecation" };
    const response = await run(programInfo(options));
    assert.deepEqual(response.toObject(), { error: "", bail: false });
    const told = JSON.parse(readFileSync(join(folder, "told.json"), "utf8")) as {
      readonly execArgv: readonly string[];
      readonly argv: readonly string[];
      readonly env: NodeJS.ProcessEnv;
      readonly cwd: string;
    };
    assert.equal(told.cwd, folder);
    assert.deepEqual(told.execArgv, ["--trace-warnings", "--no-deprecation"]);
    assert.equal(
      told.argv.slice(2).join(" "),
      "--monitor 127.0.0.1:1 --engine 127.0.0.1:2 --project project --stack local " +
        `--pwd ${folder} --root-directory ${folder} --parallel 4 --dry-run index.ts`,
    );
    assert.deepEqual(JSON.parse(told.env.PULUMI_CONFIG ?? ""), {
      "project:domain": "<example>.test",
    });
    assert.equal(told.env.PULUMI_CONFIG_SECRET_KEYS, '["project:walletKey"]');
    assert.equal(told.env.PULUMI_NODEJS_TYPESCRIPT, "false");
    assert.equal(told.env.ELSE, "kept");
  });

  it("reports how a program has ended", async function () {
    installRunner("process.exit(3)");
    assert.equal((await run()).getError(), "The program ended with exit code 3.");
    installRunner('process.kill(process.pid, "SIGKILL")');
    assert.equal((await run()).getError(), "The program ended by SIGKILL.");
    // With this exit code, the SDK reports that it has sent the error to the engine itself.
    installRunner("process.exit(32)");
    assert.deepEqual((await run()).toObject(), { error: "", bail: true });
  });

  it("reports how to install a missing SDK", async function () {
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    await assert.rejects(run(), /has no package @pulumi\/pulumi: run `npm ci` there/);
  });

  describe("installing a project's packages", function () {
    /** The host's response with this script as npm. */
    async function install(script: string) {
      writeFileSync(join(folder, "npm"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const request = new language.InstallDependenciesRequest();
      request.setInfo(programInfo());
      const answers = client.installDependencies(request);
      let [stdout, stderr] = ["", ""];
      for await (const answer of answers as AsyncIterable<language.InstallDependenciesResponse>) {
        stdout += Buffer.from(answer.getStdout_asU8()).toString();
        stderr += Buffer.from(answer.getStderr_asU8()).toString();
      }
      return { stdout, stderr };
    }

    it("runs npm there, and forwards its output", async function () {
      const { stdout, stderr } = await install('echo "npm $* in $PWD"; echo warned >&2');
      assert.equal(stdout, `npm ci in ${folder}\n`);
      assert.equal(stderr, "warned\n");
    });

    it("reports how npm has failed", async function () {
      await assert.rejects(install("exit 3"), /were not installed: npm ended with exit code 3/);
      await assert.rejects(install("kill -9 $$"), /were not installed: npm ended by SIGKILL/);
    });
  });

  describe("running a plugin", function () {
    /** The host's response to an engine at an address. */
    async function runPlugin(kind: string) {
      const request = new language.RunPluginRequest();
      request.setKind(kind);
      request.setPwd(folder);
      request.setInfo(programInfo());
      request.setArgsList(["127.0.0.1:2"]);
      request.setEnvList(["FURTHER=set"]);
      let [stdout, stderr, exitCode] = ["", "", NaN];
      for await (const answer of client.runPlugin(
        request,
      ) as AsyncIterable<language.RunPluginResponse>) {
        stdout += Buffer.from(answer.getStdout_asU8()).toString();
        stderr += Buffer.from(answer.getStderr_asU8()).toString();
        exitCode = answer.hasExitcode() ? answer.getExitcode() : exitCode;
      }
      return { stdout, stderr, exitCode };
    }

    it("runs a policy pack with the SDK's runner, and forwards its output", async function () {
      installRunner(
        'console.log(process.argv.slice(2).join(" "), process.env.FURTHER); console.error("told"); process.exit(5)',
        "run-policy-pack",
      );
      assert.deepEqual(await runPlugin("analyzer"), {
        stdout: `127.0.0.1:2 ${folder} set\n`,
        stderr: "told\n",
        exitCode: 5,
      });
    });

    it("refuses every other plugin", async function () {
      await assert.rejects(runPlugin("resource"), /does not support .* but policy packs; install/);
    });
  });

  it("ends its programs on a signal", async function () {
    installRunner(
      'require("node:fs").writeFileSync("runs", ""); process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1e3)',
    );
    const running = run();
    await waitFor(() => existsSync(join(folder, "runs")), {
      what: "the program",
      timeout: 30_000,
    });
    const cancel = promisify((answer: (error: Error | null) => void) =>
      client.cancel(new empty.Empty(), answer),
    );
    await cancel();
    assert.equal((await running).getError(), "The program ended with exit code 7.");
  });
});
