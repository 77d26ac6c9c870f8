import assert from "node:assert/strict";
import { join } from "node:path";

import language from "@pulumi/pulumi/proto/language_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { projectDirectory } from "../../paths.ts";
import { invocationOf } from "../../pulumi/programInvocation.ts";

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
});
