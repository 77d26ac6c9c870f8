/**
 * A language host for Pulumi programs on Node: the gRPC service by which the engine runs a program. It stands in
 * for Pulumi's own `pulumi-language-nodejs`, which cannot be had as a Go module, and does what the engine needs
 * for new, install, up, preview, refresh, destroy and import. What it does not do (generating code, running plugins)
 * fails with a sentence that says so.
 *
 * The engine starts it, reads the port from the first line of its output, and ends it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { messageOf } from "../../lib/errors.ts";
import { loopback } from "../processes/ports.ts";
import { invocationOf } from "./programInvocation.ts";

/** Exit code by which the SDK says that it has reported the error itself. */
const bailExitCode = 32;
/** How often to see whether the engine still lives, in milliseconds. */
const parentCheckInterval = 1_000;
/** Programs with large resources exceed gRPC's default of 4 MiB; Pulumi's own limit is 400 MiB. */
const maxMessageBytes = 400 * 1024 * 1024;

const noCodeComment =
  "// This language host generates no code: add the imported resource to the program by hand.\n";

type RunRequest = language.RunRequest;

/** The versions of the packages that a project's package.json asks for, for `pulumi about`. */
function listDependencies(directory: string): { name: string; version: string }[] {
  const { dependencies = {} } = readPackage(directory);
  return Object.entries(dependencies).map(([name, range]) => ({ name, version: range }));
}

function readPackage(directory: string): { dependencies?: Record<string, string> } {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as object;
  } catch {
    return {};
  }
}

class LanguageHost {
  readonly #programs = new Set<ChildProcess>();
  #engine: string;

  constructor(engine: string) {
    this.#engine = engine;
  }

  /** Ends what runs. */
  cancel(): void {
    for (const program of this.#programs) {
      program.kill("SIGTERM");
    }
  }

  service(): grpc.UntypedServiceImplementation {
    return {
      handshake: unary((request: language.LanguageHandshakeRequest) => {
        this.#engine = request.getEngineAddress();
        return new language.LanguageHandshakeResponse();
      }),
      getPluginInfo: unary(() => new plugin.PluginInfo()),
      getRequiredPlugins: unary(() => new language.GetRequiredPluginsResponse()),
      getRequiredPackages: unary(() => new language.GetRequiredPackagesResponse()),
      runtimeOptionsPrompts: unary(() => new language.RuntimeOptionsResponse()),
      about: unary(() => {
        const response = new language.AboutResponse();
        response.setExecutable(process.execPath);
        response.setVersion(process.version);
        return response;
      }),
      getProgramDependencies: unary((request: language.GetProgramDependenciesRequest) => {
        const directory = request.getInfo()?.getRootDirectory() ?? request.getPwd();
        const response = new language.GetProgramDependenciesResponse();
        response.setDependenciesList(
          listDependencies(directory).map(({ name, version }) => {
            const dependency = new language.DependencyInfo();
            dependency.setName(name);
            dependency.setVersion(version);
            return dependency;
          }),
        );
        return response;
      }),
      run: unary((request: RunRequest) => this.#run(request)),
      cancel: unary(() => {
        this.cancel();
        return new empty.Empty();
      }),
      // Pulumi's own host turns a package.json that has none of the SDK's loaders into one that has; this one needs none.
      template: unary(() => new language.TemplateResponse()),
      // Asked for at the end of `pulumi import`, which would end as failed if it were refused.
      generateProgram: unary(() => {
        const response = new language.GenerateProgramResponse();
        response.getSourceMap().set("index.ts", Buffer.from(noCodeComment));
        return response;
      }),
      generateProject: unary(() => unsupported("generating projects")),
      generatePackage: unary(() => unsupported("generating packages")),
      pack: unary(() => unsupported("packing packages")),
      link: unary(() => unsupported("linking packages")),
      installDependencies,
      runPlugin: failingStream("Plugins written in TypeScript are not run by this language host."),
    };
  }

  async #run(request: RunRequest): Promise<language.RunResponse> {
    const { args, directory, environment } = invocationOf(request, this.#engine);
    // The engine shows what the program writes to the streams that it shares with this process.
    const program = spawn(process.execPath, args, {
      cwd: directory,
      env: environment,
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#programs.add(program);
    const [code, signal] = (await once(program, "exit")) as [number | null, NodeJS.Signals | null];
    this.#programs.delete(program);
    const response = new language.RunResponse();
    if (code === bailExitCode) {
      response.setBail(true);
    } else if (code !== 0) {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      response.setError(`The program ended ${how}.`);
    }
    return response;
  }
}

function unsupported(what: string): never {
  throw new Error(`The sandbox's language host does not support ${what}; install Pulumi for it.`);
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback({ code: grpc.status.UNKNOWN, message: messageOf(error) });
        },
      );
  };
}

/** Installs the packages of package-lock.json, and hands on what npm says while it does. */
function installDependencies(
  call: grpc.ServerWritableStream<
    language.InstallDependenciesRequest,
    language.InstallDependenciesResponse
  >,
): void {
  const directory = call.request.getInfo()?.getRootDirectory() ?? call.request.getDirectory();
  const npm = spawn("npm", ["ci"], { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const refuse = (message: string) =>
    call.emit("error", {
      code: grpc.status.UNKNOWN,
      message: `${message} (npm ci in ${directory})`,
    });
  npm.stdout.on("data", (text: Buffer) => {
    const response = new language.InstallDependenciesResponse();
    response.setStdout(text);
    call.write(response);
  });
  npm.stderr.on("data", (text: Buffer) => {
    const response = new language.InstallDependenciesResponse();
    response.setStderr(text);
    call.write(response);
  });
  npm.on("error", (error) => refuse(`npm does not run: ${messageOf(error)}`));
  npm.on("close", (code, signal) => {
    if (code === 0) {
      call.end();
    } else if (npm.pid !== undefined) {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      refuse(`The packages were not installed: npm ended ${how}`);
    }
  });
}

function failingStream(message: string): grpc.handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    call.emit("error", { code: grpc.status.UNIMPLEMENTED, message });
  };
}

async function serve(engine: string): Promise<void> {
  const host = new LanguageHost(engine);
  const server = new grpc.Server({ "grpc.max_receive_message_length": maxMessageBytes });
  server.addService(languageGrpc.LanguageRuntimeService, host.service());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${loopback}:0`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  process.stdout.write(`${port}\n`);
  // The engine ends it with a signal, which leaves no time for that.
  flushCompileCache();

  const end = () => {
    host.cancel();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // A killed engine cannot tell anyone; its children get another parent then.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      end();
    }
  }, parentCheckInterval);
}

// The engine's address is the last argument, after flags that do not concern this host.
const engine = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
await serve(engine);
