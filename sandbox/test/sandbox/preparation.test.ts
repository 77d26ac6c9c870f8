import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { findArtifact } from "../../programs/artifacts.ts";
import { downloadsVariable } from "../../programs/download.ts";
import { sandboxSource } from "../../paths.ts";
import { temporaryDirectory } from "./temporary.ts";

/** The output and the effects of one run of the builder. */
interface Run {
  readonly code: number;
  readonly output: string;
  /** Paths of the programs, by name. */
  readonly programs: Readonly<Record<string, string>>;
}

/** With a fake Go that builds scripts, so that a program does not take minutes. */
describe("a program of the sandbox", function () {
  this.timeout(240_000);
  const directory = temporaryDirectory();
  const names = ["gateway-api", "pebble", "pebble-challtestsrv", "pulumi"] as const;
  const all = names.length;
  let server: Server | undefined;

  beforeEach(function () {
    const [bin, module] = [join(directory(), "bin"), join(directory(), "module")];
    mkdirSync(bin);
    mkdirSync(join(module, "config/crd/standard"), { recursive: true });
    for (const file of ["gateways.yaml", "routes.yaml"]) {
      writeFileSync(join(module, "config/crd/standard", file), "kind: CustomResourceDefinition\n");
    }
    writeFileSync(join(module, "go.mod"), "module fake\n");
    writeFileSync(
      join(bin, "go"),
      `#!/bin/sh
case "$1" in
  env) echo go1.26.8 ;;
  list) for main in "$@"; do :; done; printf 'a/one\\ttrue\\na/two\\ttrue\\n%s\\tfalse\\t\\ta/one a/two\\n' "$main" ;;
  mod)
    [ -n "$GO_BROKEN" ] && { echo 'go: unknown flag -nonsense' >&2; exit 2; }
    [ -n "$GO_OFFLINE" ] && { echo '{"Error": "nowhere.invalid: no such host"}'; exit 1; }
    printf '{"Dir": "%s"}' '${module}' ;;
  build)
    while [ "$1" != -o ]; do shift; done
    basename "$2" >> '${join(directory(), "built")}'
    [ -d reduced ] && cp -r reduced '${join(directory(), "reduced")}'
    [ "$GO_FAILS" = "$(basename "$2")" ] && { echo "a/one: broken" >&2; exit 1; }
    [ -n "$GO_WAITS" ] && sleep "$GO_WAITS" 2>/dev/null
    echo a/one >&2
    case "$2" in
      *pulumi) version='v${findArtifact("pulumi").version}' ;;
      *) version='version: v${findArtifact("pebble").version}' ;;
    esac
    printf '#!/bin/sh\\necho "%s"\\n' "$version" > "$2"
    chmod +x "$2" ;;
esac
`,
      { mode: 0o755 },
    );
  });
  afterEach(function () {
    server?.close();
    server = undefined;
  });

  /** Runs the builder in a process of its own. */
  async function prepare(
    environment: NodeJS.ProcessEnv = {},
    before = "",
    wanted: readonly string[] = names,
  ): Promise<Run> {
    const script = `
      import { ensurePrograms } from ${JSON.stringify(sandboxSource("programs/builder.ts"))};
      import { findArtifact } from ${JSON.stringify(sandboxSource("programs/artifacts.ts"))};
      import { createReporter } from ${JSON.stringify(sandboxSource("processes/progress.ts"))};
      import { runCommand } from ${JSON.stringify(sandboxSource("../lib/errors.ts"))};
      ${before}
      await runCommand(async () => {
        const made = await ensurePrograms(${JSON.stringify(wanted)}, createReporter(process.stderr));
        process.stdout.write(JSON.stringify(Object.fromEntries([...made].map(([name, { path }]) => [name, path]))));
        return 0;
      });`;
    const child = execFile(process.execPath, ["--input-type=module", "-e", script], {
      env: {
        ...process.env,
        PATH: `${join(directory(), "bin")}:/usr/bin:/bin`,
        XDG_CACHE_HOME: join(directory(), "cache"),
        [downloadsVariable]: "off",
        ...environment,
      },
    });
    let [output, programs] = ["", ""];
    child.stderr?.on("data", (text: string) => (output += text));
    child.stdout?.on("data", (text: string) => (programs += text));
    const [code] = (await once(child, "close")) as [number];
    return {
      code,
      output,
      programs: programs === "" ? {} : (JSON.parse(programs) as Record<string, string>),
    };
  }

  /** The names of the programs that were built since the last call. */
  function built(): string[] {
    const file = join(directory(), "built");
    const names = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    rmSync(file, { force: true });
    return names.sort();
  }

  it("is built once, and its build time is in the first line", async function () {
    const { code, output, programs } = await prepare();
    assert.equal(code, 0, output);
    assert.match(
      output,
      new RegExp(`^Building ${all} programs, which takes about .* on two cores`),
    );
    assert.deepEqual(Object.keys(programs), [...names]);
    assert.deepEqual(built(), ["pebble", "pebble-challtestsrv", "pulumi"]);
    const again = await prepare();
    assert.deepEqual(again, { code: 0, output: "", programs });
    assert.deepEqual(built(), []);
  });

  it("is built once by two checkouts that start at the same time", async function () {
    const runs = await Promise.all([prepare({ GO_WAITS: "1" }), prepare({ GO_WAITS: "1" })]);
    for (const { code, output, programs } of runs) {
      assert.equal(code, 0, output);
      assert.deepEqual(programs, runs[0]?.programs);
    }
    assert.deepEqual(built(), ["pebble", "pebble-challtestsrv", "pulumi"]);
  });

  it("is built again if it was deleted or damaged", async function () {
    const { programs } = await prepare();
    built();
    const { "gateway-api": files = "", pebble = "", "pebble-challtestsrv": server = "" } = programs;
    rmSync(join(files, "routes.yaml"));
    rmSync(join(pebble, ".."), { recursive: true });
    truncateSync(server, 0);
    writeFileSync(server, "#!/bin/nothing\n");
    const { code, output } = await prepare();
    assert.equal(code, 0, output);
    assert.deepEqual(built(), ["pebble", "pebble-challtestsrv"]);
    assert.equal(globSync("*.yaml", { cwd: files }).length, 2);
  });

  it("is built without the packages that the sandbox never runs, and with the files that replace them", async function () {
    const module = "github.com/pulumi/pulumi/pkg/v3";
    const files = {
      "secrets/cloud/manager.go": "package cloud",
      "secrets/cloud/clients.go": "package cloud",
      "secrets/manager.go": "package secrets",
      "secrets/manager_test.go": "package secrets",
      "secrets/testdata/state.json": "{}",
    };
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(join(directory(), "module", dirname(file)), { recursive: true });
      writeFileSync(join(directory(), "module", file), content);
    }
    const { code, output } = await prepare({}, "", ["pulumi"]);
    assert.equal(code, 0, output);
    const used = join(directory(), "reduced", module);
    assert.deepEqual(globSync("{go.mod,secrets/**/*.*}", { cwd: used }).sort(), [
      "go.mod",
      "secrets/cloud/manager.go",
      "secrets/manager.go",
    ]);
    const own = join(sandboxSource("programs/pulumi/reduced"), module, "secrets/cloud/manager.go");
    assert.equal(
      readFileSync(join(used, "secrets/cloud/manager.go"), "utf8"),
      readFileSync(own, "utf8"),
    );
    const whole = join(directory(), "reduced/github.com/aws/aws-sdk-go-v2/service/s3");
    assert.deepEqual(globSync("**/*.*", { cwd: whole }).sort(), ["go.mod", "s3.go"]);
  });

  it("reports the error if it cannot be built", async function () {
    const { code, output } = await prepare({ GO_FAILS: "pebble" });
    assert.equal(code, 1);
    assert.match(
      output,
      /go build of .*pebble failed \(exit code 1\):\n {2}a\/one: broken\n.*\.log/,
    );
  });

  it("reports the error if its module cannot be downloaded", async function () {
    for (const [name, module] of [
      ["gateway-api", "sigs.k8s.io/gateway-api"],
      ["pulumi", "github.com/pulumi/pulumi/pkg/v3"],
    ] as const) {
      const { code, output } = await prepare({ GO_OFFLINE: "1" }, "", [name]);
      assert.equal(code, 1);
      assert.match(
        output,
        new RegExp(
          `Go cannot download the module ${module}: nowhere.invalid: no such host\\n.*: go env -w GOPROXY='?https://HOST'?\\n$`,
        ),
      );
    }
  });

  it("reports what Go reports about its settings", async function () {
    for (const name of ["gateway-api", "pulumi"]) {
      const { code, output } = await prepare({ GO_BROKEN: "1" }, "", [name]);
      assert.equal(code, 1);
      assert.match(output, /\ngo mod download failed: go: unknown flag -nonsense\n$/);
    }
  });

  it("ends the other builds if its build fails", async function () {
    // Otherwise, the build would continue until the test's timeout.
    const { code } = await prepare({ GO_FAILS: "pebble", GO_WAITS: "300" });
    assert.equal(code, 1);
  });

  describe("with an official build", function () {
    /** Serves an archive as the official one. */
    async function official(
      content: string,
      digest = content,
    ): Promise<[NodeJS.ProcessEnv, string]> {
      const source = join(directory(), "source");
      mkdirSync(source);
      writeFileSync(join(source, "pulumi"), content, { mode: 0o755 });
      execFileSync("tar", ["-czf", join(directory(), "pulumi.tar.gz"), "-C", source, "pulumi"]);
      const bytes = readFileSync(join(directory(), "pulumi.tar.gz"));
      server = createServer((_request, response) => response.end(bytes)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const sha256 = createHash("sha256")
        .update(digest === content ? bytes : digest)
        .digest("hex");
      const archive = { file: "pulumi.tar.gz", sha256 };
      const build = {
        version: "3.259.0",
        folder: "http://nowhere.invalid/",
        archives: { [`${process.platform}-${process.arch}`]: archive },
      };
      return [
        { [downloadsVariable]: `http://127.0.0.1:${port}` },
        `findArtifact("pulumi").official = ${JSON.stringify(build)};`,
      ];
    }

    it("is downloaded once, without Go", async function () {
      const [environment, before] = await official("#!/bin/sh\necho v3.259.0\n");
      rmSync(join(directory(), "bin", "go"));
      const { code, output, programs } = await prepare(environment, before, ["pulumi"]);
      assert.equal(code, 0, output);
      assert.match(output, /^Downloading 1 program \(\d+ MB\)/);
      assert.match(programs.pulumi ?? "", /\/pulumi-3\.259\.0-[0-9a-f]{12}\/pulumi$/);
      const again = await prepare({ [downloadsVariable]: "off" }, before, ["pulumi"]);
      assert.deepEqual(again, { code: 0, output: "", programs });
    });

    it("is built if the checksum differs", async function () {
      const [environment, before] = await official("#!/bin/sh\necho v3.259.0\n", "other");
      const { code, output, programs } = await prepare(environment, before, ["pulumi"]);
      assert.equal(code, 0, output);
      assert.match(
        output,
        /pulumi\.tar\.gz cannot be used, so its program is built: its SHA-256 is /,
      );
      assert.match(programs.pulumi ?? "", /\/pulumi-3\.274\.1-/);
    });

    it("is built if the downloaded program does not run", async function () {
      const [environment, before] = await official("#!/bin/sh\nexit 1\n");
      const { code, output } = await prepare(environment, before, ["pulumi"]);
      assert.equal(code, 0, output);
      assert.match(output, /its program is built: pulumi was created, but does not run/);
    });

    it("is built if the server is unreachable", async function () {
      const { code, output } = await prepare({ [downloadsVariable]: "http://127.0.0.1:9" });
      assert.equal(code, 0, output);
      assert.match(output, /^pulumi-v3\.259\.0-.* cannot be used, .*ECONNREFUSED/);
      assert.deepEqual(built(), ["pebble", "pebble-challtestsrv", "pulumi"]);
    });

    it("is not requested if the setting is invalid", async function () {
      const { code, output } = await prepare({ [downloadsVariable]: "mirror.test" });
      assert.equal(code, 1);
      assert.match(output, /^AKASH_SANDBOX_DOWNLOADS is neither/);
      assert.deepEqual(built(), []);
    });
  });
});
