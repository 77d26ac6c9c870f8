/**
 * The gRPC service of a resource plugin (`pulumirpc.ResourceProvider`). The server of `@pulumi/pulumi/provider`
 * cannot be used: it does not pass on the configuration, has no previews, and does not report details of a
 * difference.
 */
import { createRequire } from "node:module";
import type * as grpc from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Operation } from "./bridge.ts";
import { diffResource, foreseeCreate, foreseeUpdate, type PropertyChange } from "./diff.ts";
import type { EngineLog } from "./engineLog.ts";
import { InitializationError, toServiceError } from "./failures.ts";
import { checkInputs, inputsOf } from "./inputs.ts";
import type { Found, Plugin, Resource } from "./plugin.ts";
import { checkSettings, type Failure, readSettings } from "./settings.ts";
import { fromStruct, type Properties, sameValue, toStruct, withSecrets } from "./values.ts";

const { DiffResponse, PropertyDiff } = messages;

const KINDS: Readonly<Record<PropertyChange["kind"], [inPlace: number, replacing: number]>> = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
};

/**
 * Responds to the engine on behalf of one plugin.
 *
 * @param environment provides the settings that the program does not set
 * @param log the engine's log for the plugin's messages
 */
export function pluginService<Cloud>(
  plugin: Plugin<Cloud>,
  environment: NodeJS.ProcessEnv,
  log: EngineLog,
): grpc.UntypedServiceImplementation {
  const server = new PluginServer(plugin, environment, log);
  return {
    handshake: unary(() => {
      const response = new messages.ProviderHandshakeResponse();
      // Secrets are received as plain values; the engine itself then marks the secret outputs.
      return response.setAcceptSecrets(false).setAcceptResources(false).setAcceptOutputs(false);
    }),
    checkConfig: unary((request: messages.CheckRequest) => server.checkConfig(request)),
    diffConfig: unary((request: messages.DiffRequest) => server.diffConfig(request)),
    configure: unary((request: messages.ConfigureRequest) => server.configure(request)),
    check: unary((request: messages.CheckRequest) => server.check(request)),
    diff: unary((request: messages.DiffRequest) => server.diff(request)),
    create: unary((request: messages.CreateRequest) => server.create(request)),
    read: unary((request: messages.ReadRequest) => server.read(request)),
    update: unary((request: messages.UpdateRequest) => server.update(request)),
    delete: unary((request: messages.DeleteRequest) => server.delete(request)),
    invoke: unary((request: messages.InvokeRequest) => server.invoke(request)),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema("{}")),
    getPluginInfo: unary(() => new pluginMessages.PluginInfo().setVersion(sdkVersion(plugin.name))),
    attach: unary(() => new empty.Empty()),
    // Every operation ends within seconds; canceling one could lose a resource that it has just created.
    cancel: unary(() => new empty.Empty()),
  };
}

class PluginServer<Cloud> {
  readonly #plugin: Plugin<Cloud>;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: EngineLog;
  #cloud: Cloud | undefined;

  constructor(plugin: Plugin<Cloud>, environment: NodeJS.ProcessEnv, log: EngineLog) {
    this.#plugin = plugin;
    this.#environment = environment;
    this.#log = log;
  }

  async checkConfig(request: messages.CheckRequest): Promise<messages.CheckResponse> {
    const { settings } = this.#plugin;
    const inputs = fromStruct(request.getNews());
    const warning = this.#plugin.warn?.(readSettings(settings, inputs, this.#environment));
    if (warning !== undefined) {
      await this.#log("warning", warning, request.getUrn());
    }
    const failures = checkSettings(settings, inputs);
    // Returned unchanged, so that secrets in it remain marked.
    return checkResponse(failures).setInputs(request.getNews());
  }

  diffConfig(request: messages.DiffRequest): messages.DiffResponse {
    const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
    const same = sameValue(olds, fromStruct(request.getNews()));
    const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
    return new DiffResponse().setChanges(same ? DIFF_NONE : DIFF_SOME);
  }

  async configure(request: messages.ConfigureRequest): Promise<messages.ConfigureResponse> {
    const { settings } = this.#plugin;
    const inputs = fromStruct(request.getArgs());
    this.#cloud = await this.#told({ kind: "configure" }, () =>
      this.#plugin.connect(readSettings(settings, inputs, this.#environment)),
    );
    return new messages.ConfigureResponse().setSupportspreview(true);
  }

  check(request: messages.CheckRequest): messages.CheckResponse {
    const resource = this.#resource(request);
    const naming = { name: nameOf(request.getUrn()), olds: fromStruct(request.getOlds()) };
    const news = fromStruct(request.getNews());
    const { inputs, failures } = checkInputs(resource, this.#connected(), news, naming);
    return checkResponse(failures).setInputs(toStruct(inputs));
  }

  diff(request: messages.DiffRequest): messages.DiffResponse {
    const resource = this.#resource(request);
    const { properties, deleteBeforeReplace } = diffResource(
      resource,
      fromStruct(request.getOlds()),
      fromStruct(request.getNews()),
    );
    const changes = Object.entries(properties);
    const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
    const response = new DiffResponse()
      .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
      .setDiffsList(changes.map(([name]) => name))
      .setReplacesList(changes.filter(([, { replaces }]) => replaces).map(([name]) => name))
      .setDeletebeforereplace(deleteBeforeReplace)
      .setHasdetaileddiff(true);
    for (const [name, { kind, replaces }] of changes) {
      const detail = new PropertyDiff().setKind(KINDS[kind][replaces ? 1 : 0]);
      response.getDetaileddiffMap().set(name, detail);
    }
    return response;
  }

  async create(request: messages.CreateRequest): Promise<messages.CreateResponse> {
    const resource = this.#resource(request);
    const inputs = fromStruct(request.getProperties());
    const response = new messages.CreateResponse();
    if (request.getPreview()) {
      return response.setProperties(outputStruct(resource, foreseeCreate(resource, inputs)));
    }
    let known: Found | undefined;
    const made = (found: Found) => {
      known = found;
    };
    try {
      const { id, outputs } = await resource.create(this.#connected(), inputs, made);
      return response.setId(id).setProperties(outputStruct(resource, outputs));
    } catch (error) {
      const operation = {
        kind: "create",
        urn: request.getUrn(),
        made: known !== undefined,
      } as const;
      const failure = await this.#failure(error, operation);
      throw known ? initializationError(resource, known, failure) : failure;
    }
  }

  async read(request: messages.ReadRequest): Promise<messages.ReadResponse> {
    const resource = this.#resource(request);
    const state = fromStruct(request.getProperties());
    if (resource.noImport && Object.keys(state).length === 0) {
      throw new Error(`${typeOf(request.getUrn())} cannot be imported`);
    }
    const response = new messages.ReadResponse();
    const operation = { kind: "read", urn: request.getUrn() } as const;
    const found = await this.#told(operation, () =>
      resource.read(this.#connected(), request.getId(), state),
    );
    if (!found) {
      // Without an id: the resource is missing.
      return response.setProperties(toStruct({})).setInputs(toStruct({}));
    }
    const inputs = inputsOf(resource, found.outputs, fromStruct(request.getInputs()));
    return response
      .setId(found.id)
      .setProperties(outputStruct(resource, found.outputs))
      .setInputs(toStruct(inputs));
  }

  async update(request: messages.UpdateRequest): Promise<messages.UpdateResponse> {
    const resource = this.#resource(request);
    const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
    const outputs = request.getPreview()
      ? foreseeUpdate(resource, olds, news)
      : await this.#told({ kind: "update", urn: request.getUrn() }, () =>
          this.#update(resource, request.getId(), olds, news),
        );
    return new messages.UpdateResponse().setProperties(outputStruct(resource, outputs));
  }

  async delete(request: messages.DeleteRequest): Promise<empty.Empty> {
    const state = fromStruct(request.getProperties());
    const resource = this.#resource(request);
    await this.#told({ kind: "delete", urn: request.getUrn() }, () =>
      resource.delete(this.#connected(), request.getId(), state),
    );
    return new empty.Empty();
  }

  async invoke(request: messages.InvokeRequest): Promise<messages.InvokeResponse> {
    const call = this.#plugin.functions[request.getTok()];
    if (!call) {
      throw new Error(`the stand-in for ${this.#plugin.name} has no function ${request.getTok()}`);
    }
    const operation = { kind: "invoke", token: request.getTok() } as const;
    const result = await this.#told(operation, () =>
      call(this.#connected(), fromStruct(request.getArgs())),
    );
    return new messages.InvokeResponse().setReturn(toStruct(result));
  }

  async #update(
    resource: Resource<Cloud>,
    id: string,
    olds: Properties,
    news: Properties,
  ): Promise<Properties> {
    if (resource.update) {
      return await resource.update(this.#connected(), id, olds, news);
    }
    const found = await resource.read(this.#connected(), id, { ...olds, ...news });
    if (!found) {
      throw new Error(`${id} no longer exists; run "pulumi refresh"`);
    }
    return found.outputs;
  }

  /** Runs an operation, and reports its failure as the official plugin does. */
  async #told<T>(operation: Operation, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.#failure(error, operation);
    }
  }

  async #failure(error: unknown, operation: Operation): Promise<Error> {
    const { message, logged } = this.#plugin.bridge(error, operation);
    if (logged !== undefined) {
      await this.#log("error", logged, "urn" in operation ? operation.urn : undefined);
    }
    return new Error(message, { cause: error });
  }

  #resource(request: { getUrn(): string }): Resource<Cloud> {
    const type = typeOf(request.getUrn());
    const resource = this.#plugin.resources[type];
    if (!resource) {
      throw new Error(`the stand-in for ${this.#plugin.name} has no resource ${type}`);
    }
    return resource;
  }

  #connected(): Cloud {
    if (this.#cloud === undefined) {
      throw new Error("the plugin was not configured");
    }
    return this.#cloud;
  }
}

function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(toServiceError(error));
        },
      );
  };
}

function checkResponse(failures: readonly Failure[]): messages.CheckResponse {
  const list = failures.map(({ property, reason }) =>
    new messages.CheckFailure().setProperty(property).setReason(reason),
  );
  return new messages.CheckResponse().setFailuresList(list);
}

function outputStruct<Cloud>(resource: Resource<Cloud>, outputs: Properties) {
  return toStruct(marked(resource, outputs));
}

function marked<Cloud>({ properties }: Resource<Cloud>, outputs: Properties): Properties {
  const secrets = Object.keys(properties).filter((name) => properties[name]?.secret);
  return withSecrets(outputs, secrets);
}

function initializationError<Cloud>(
  resource: Resource<Cloud>,
  { id, outputs }: Found,
  { message }: Error,
): InitializationError {
  return new InitializationError({ id, outputs: marked(resource, outputs) }, message);
}

/** `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>` */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** The plugin reports the version that the installed SDK requires. */
function sdkVersion(name: string): string {
  const manifest = createRequire(import.meta.url)(`@pulumi/${name}/package.json`) as {
    version: string;
  };
  return manifest.version;
}
