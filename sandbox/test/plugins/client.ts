import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import type pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct, { type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

/** The engine's placeholder for an unknown value. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties in the protocol's form, with secrets marked. */
export type Properties = Record<string, unknown>;

/** A resource as a plugin reports it. */
export interface Reported {
  readonly id: string;
  readonly outputs: Properties;
}

/** A plugin's report on a difference. */
export interface Difference {
  readonly changed: boolean;
  readonly diffs: readonly string[];
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** A failed creation that left a resource behind. */
export class InitializationFailed extends Error {
  readonly reported: Reported;

  constructor(message: string, reported: Reported) {
    super(message);
    this.reported = reported;
  }
}

/** A plugin that runs as under the engine, and its client, which emulates the engine. */
export class PluginClient {
  readonly #process: ChildProcess;
  readonly #client: InstanceType<typeof providerGrpc.ResourceProviderClient>;
  /** The plugin's whole output. */
  output = "";

  private constructor(process: ChildProcess, port: string) {
    this.#process = process;
    this.#client = new providerGrpc.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    );
  }

  static async start(name: string, environment: NodeJS.ProcessEnv = {}): Promise<PluginClient> {
    const executable = join(import.meta.dirname, "../../pulumi/plugins", `pulumi-resource-${name}`);
    const child = spawn(executable, ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, ...environment },
    });
    const lines = createInterface(child.stdout);
    const [port] = (await once(lines, "line")) as [string];
    const plugin = new PluginClient(child, port);
    lines.on("line", (line) => (plugin.output += `${line}\n`));
    child.stderr.on("data", (data) => (plugin.output += String(data)));
    return plugin;
  }

  async stop(): Promise<void> {
    this.#client.close();
    this.#process.kill();
    await once(this.#process, "exit");
  }

  async version(): Promise<string> {
    const info = await ask<pluginMessages.PluginInfo>((done) =>
      this.#client.getPluginInfo(new empty.Empty(), done),
    );
    return info.getVersion();
  }

  async configure(config: Properties): Promise<boolean> {
    const request = new messages.ConfigureRequest().setArgs(toStruct(config));
    const response = await ask<messages.ConfigureResponse>((done) =>
      this.#client.configure(request, done),
    );
    return response.getSupportspreview();
  }

  async checkConfig(config: Properties): Promise<string[]> {
    const request = new messages.CheckRequest().setNews(toStruct(config));
    const response = await ask<messages.CheckResponse>((done) =>
      this.#client.checkConfig(request, done),
    );
    return response
      .getFailuresList()
      .map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  /** Checks inputs; fails with the plugin's errors if it refuses them. */
  async check(type: string, news: Properties, olds: Properties = {}): Promise<Properties> {
    const request = new messages.CheckRequest()
      .setUrn(urnOf(type))
      .setOlds(toStruct(olds))
      .setNews(toStruct(news));
    const response = await ask<messages.CheckResponse>((done) => this.#client.check(request, done));
    const failures = response.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) {
      throw new Error(failures.join("; "));
    }
    return fromStruct(response.getInputs());
  }

  async diff(type: string, olds: Properties, news: Properties): Promise<Difference> {
    const request = new messages.DiffRequest()
      .setUrn(urnOf(type))
      .setOlds(toStruct(olds))
      .setNews(toStruct(news));
    const response = await ask<messages.DiffResponse>((done) => this.#client.diff(request, done));
    return {
      changed: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      diffs: response.getDiffsList(),
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(type: string, inputs: Properties, preview = false): Promise<Reported> {
    const request = new messages.CreateRequest()
      .setUrn(urnOf(type))
      .setProperties(toStruct(inputs))
      .setPreview(preview);
    const response = await ask<messages.CreateResponse>((done) =>
      this.#client.create(request, done),
    );
    return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
  }

  /** Checks and creates, as the engine does for a new resource. */
  async make(type: string, inputs: Properties): Promise<Reported & { inputs: Properties }> {
    const checked = await this.check(type, inputs);
    return { ...(await this.create(type, checked)), inputs: checked };
  }

  async read(
    type: string,
    id: string,
    state: Properties = {},
    olds: Properties = {},
  ): Promise<(Reported & { inputs: Properties }) | undefined> {
    const request = new messages.ReadRequest()
      .setUrn(urnOf(type))
      .setId(id)
      .setProperties(toStruct(state))
      .setInputs(toStruct(olds));
    const response = await ask<messages.ReadResponse>((done) => this.#client.read(request, done));
    return response.getId() === ""
      ? undefined
      : {
          id: response.getId(),
          outputs: fromStruct(response.getProperties()),
          inputs: fromStruct(response.getInputs()),
        };
  }

  async update(
    type: string,
    id: string,
    olds: Properties,
    news: Properties,
    preview = false,
  ): Promise<Properties> {
    const request = new messages.UpdateRequest()
      .setUrn(urnOf(type))
      .setId(id)
      .setOlds(toStruct(olds))
      .setNews(toStruct(news))
      .setPreview(preview);
    const response = await ask<messages.UpdateResponse>((done) =>
      this.#client.update(request, done),
    );
    return fromStruct(response.getProperties());
  }

  async delete(type: string, id: string, state: Properties): Promise<void> {
    const request = new messages.DeleteRequest()
      .setUrn(urnOf(type))
      .setId(id)
      .setProperties(toStruct(state));
    await ask<empty.Empty>((done) => this.#client.delete(request, done));
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    const request = new messages.InvokeRequest().setTok(token).setArgs(toStruct(args));
    const response = await ask<messages.InvokeResponse>((done) =>
      this.#client.invoke(request, done),
    );
    return fromStruct(response.getReturn());
  }
}

/** Marks a value as secret, as the engine does in configuration. */
export function secret(value: unknown): Properties {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
  };
}

/** The properties with plain secrets, as the engine returns them to the plugin. */
export function opened(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      isSecret(value) ? (value as Properties).value : value,
    ]),
  );
}

/** Whether the plugin marked a value as secret. */
export function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value;
}

function ask<Response>(
  call: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error) {
        reject(readError(error));
      } else {
        resolve(response);
      }
    });
  });
}

function readError(error: grpc.ServiceError): Error {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (details === undefined) {
    return new Error(error.details);
  }
  const status = statusMessages.Status.deserializeBinary(Buffer.from(details));
  const failure = status
    .getDetailsList()[0]
    ?.unpack(
      (bytes) => messages.ErrorResourceInitFailed.deserializeBinary(bytes),
      "pulumirpc.ErrorResourceInitFailed",
    );
  return failure
    ? new InitializationFailed(error.details, {
        id: failure.getId(),
        outputs: fromStruct(failure.getProperties()),
      })
    : new Error(error.details);
}

function urnOf(type: string): string {
  return `urn:pulumi:test::project::akash:dns:Parent$${type}::thing`;
}

function toStruct(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}

function fromStruct(message: struct.Struct | undefined): Properties {
  return message?.toJavaScript() ?? {};
}
