import type {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  V1ObjectMeta,
  V1Secret,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { defaultGatewayNamespace } from "../../chart/gateway.ts";
import { akashNetworkLabel, type ReleaseNames } from "../../chart/release.ts";
import {
  certManagerApi,
  type Certificate,
} from "../../components/ingressCertificate/certManager.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import {
  decodeRecord,
  encodeRecord,
  recordMetadata,
  type HelmRecord,
} from "../../lib/helmRecord.ts";
import { helm, type CommandTarget } from "../../lib/clusterCommand.ts";
import type { ClusterChoice } from "../../lib/kubeconfig.ts";
import {
  appsApi,
  commandTarget,
  coreApi,
  customObjectsApi,
  unlessMissing,
} from "../../lib/kubernetesApi.ts";
import { deployedOf, isGood, type ReleasePlace } from "./deployedRevision.ts";
import { elsewhereText, likeliest } from "./elsewhere.ts";
import { handedToPulumi, pulumiFieldManager } from "./fieldManagers.ts";
import { accountBindingEntries, withoutCredentials } from "./withoutCredentials.ts";
import { shell } from "../../lib/shell.ts";
import { printableLine } from "../../lib/printable.ts";

/** Helm does not delete an object with this annotation (https://helm.sh/docs/howto/charts_tips_and_tricks). */
export const keepPolicy = { annotation: "helm.sh/resource-policy", value: "keep" } as const;

/** The running provider in the cluster. */
export class RunningProvider {
  /** The kubeconfig's context; undefined for the current context. */
  readonly kubeContext: string | undefined;
  /** The kubeconfig's path, where the stack names one. */
  readonly kubeconfig: string | undefined;
  private readonly core: CoreV1Api;
  private readonly apps: AppsV1Api;
  private readonly custom: CustomObjectsApi;
  private readonly place: ReleasePlace;

  private constructor(
    core: CoreV1Api,
    apps: AppsV1Api,
    custom: CustomObjectsApi,
    place: ReleasePlace,
    target: CommandTarget,
  ) {
    this.kubeContext = target.kubeContext;
    this.kubeconfig = target.kubeconfig;
    this.core = core;
    this.apps = apps;
    this.custom = custom;
    this.place = place;
  }

  /** @param choice which cluster */
  static async connect(choice: ClusterChoice, place: ReleasePlace): Promise<RunningProvider> {
    const [core, apps] = [await coreApi(choice), await appsApi(choice)];
    const custom = await customObjectsApi(choice);
    return new RunningProvider(core, apps, custom, place, commandTarget(choice));
  }

  /**
   * Reads the deployed revision.
   *
   * @throws UserError when there is none, or the release cannot be adopted
   */
  async deployedRevision(): Promise<HelmRecord> {
    const { namespace, releaseName } = this.place;
    let lastGood: HelmRecord | undefined;
    let last: HelmRecord | undefined;
    for await (const secret of this.revisions()) {
      last = readRecord(secret);
      lastGood = isGood(last) ? last : lastGood;
    }
    const deployed = deployedOf(
      [lastGood, last].filter((record) => record !== undefined),
      this.place,
      this.kubeContext,
      this.kubeconfig,
    );
    if (deployed === undefined) {
      throw new UserError(
        `The namespace ${namespace} has no Helm release ${releaseName}. ${await this.elsewhere()}`,
      );
    }
    return deployed;
  }

  /** The Secrets that exist, by name. */
  async secrets(names: readonly string[]): Promise<ReadonlyMap<string, V1Secret>> {
    const { namespace } = this.place;
    const found = await Promise.all(
      names.map((name) =>
        explained(() => unlessMissing(this.core.readNamespacedSecret({ name, namespace }))),
      ),
    );
    return new Map(
      names.flatMap((name, index) => {
        const secret = found[index];
        return secret === undefined ? [] : [[name, secret]];
      }),
    );
  }

  /** The provider's StatefulSet; undefined where it does not exist, or the permission is missing. */
  async statefulSet(name: string): Promise<V1StatefulSet | undefined> {
    const { namespace } = this.place;
    return explained(() =>
      unlessForbidden(unlessMissing(this.apps.readNamespacedStatefulSet({ name, namespace }))),
    );
  }

  /**
   * The cluster's Certificates, or those in the Gateway's namespace without the permission for all namespaces; none without
   * cert-manager, or without both permissions.
   */
  async certificates(): Promise<readonly Certificate[]> {
    const type = { ...certManagerApi, plural: "certificates" };
    const lists = [
      () => this.custom.listClusterCustomObject(type),
      () => this.custom.listNamespacedCustomObject({ ...type, namespace: defaultGatewayNamespace }),
    ];
    for (const list of lists) {
      const read = () => list() as Promise<{ readonly items: readonly Certificate[] }>;
      const response = await explained(() => unlessForbidden(unlessMissing(read())));
      if (response !== undefined) {
        return response.items;
      }
    }
    return [];
  }

  /** Adds Akash's label to the namespace; later runs do not change the labels of an adopted namespace. */
  async labelNamespace(): Promise<void> {
    const { namespace: name } = this.place;
    await explained(async () => {
      const { metadata } = await this.core.readNamespace({ name });
      if (metadata?.labels?.[akashNetworkLabel.name] !== akashNetworkLabel.value) {
        const labels = { ...metadata?.labels, [akashNetworkLabel.name]: akashNetworkLabel.value };
        const body = [
          { op: "test", path: "/metadata/resourceVersion", value: metadata?.resourceVersion },
          { op: "add", path: "/metadata/labels", value: labels },
        ];
        await this.core.patchNamespace({ name, body });
      }
    });
  }

  /**
   * Makes Pulumi the owner of a Secret instead of Helm: Pulumi can change it, and Helm keeps it until its history no longer
   * contains it. The first `up` removes the annotation, which the program does not set.
   */
  async handOver(name: string): Promise<void> {
    const { namespace } = this.place;
    await explained(async () => {
      const { metadata } = await this.core.readNamespacedSecret({ name, namespace });
      await this.core.patchNamespacedSecret({
        name,
        namespace,
        fieldManager: pulumiFieldManager,
        body: [
          { op: "test", path: "/metadata/resourceVersion", value: metadata?.resourceVersion },
          ...(metadata?.annotations === undefined
            ? [{ op: "add", path: "/metadata/annotations", value: {} }]
            : []),
          {
            op: "add",
            path: `/metadata/annotations/${keepPolicy.annotation.replace("/", "~1")}`,
            value: keepPolicy.value,
          },
          {
            op: "add",
            path: "/metadata/managedFields",
            value: handedToPulumi(metadata?.managedFields ?? []),
          },
        ],
      });
    });
  }

  /**
   * Removes the credentials from Helm's history, revision by revision, and from the issuer's ConfigMap.
   *
   * Otherwise they would stay readable there, Pulumi would read them into its state with the release, and the next upgrade
   * would delete the Secrets, which are no longer in its manifest (helm.sh/helm/v3, pkg/kube/client.go, `update`). Rollbacks
   * still work: the Secrets that the objects of every revision read remain.
   *
   * @returns the revisions that had credentials
   */
  async forgetCredentials(names: ReleaseNames): Promise<number[]> {
    const { namespace } = this.place;
    const changed: number[] = [];
    for await (const secret of this.revisions()) {
      const record = readRecord(secret);
      const cleaned = withoutCredentials(record, names);
      const name = secret.metadata?.name;
      if (cleaned !== record && name !== undefined) {
        const body = { ...secret, data: encodeRecord(cleaned) };
        await explained(() => this.core.replaceNamespacedSecret({ name, namespace, body }));
        changed.push(record.version);
      }
    }
    await this.forgetAccountBinding(names);
    return changed;
  }

  /**
   * Removes the CA's credential from the issuer's ConfigMap: an upgrade removes only what the previous manifest contains.
   * The running issuer keeps the values that it has read, and its account.
   */
  private async forgetAccountBinding({ letsEncryptConfigMap: name }: ReleaseNames): Promise<void> {
    const { namespace } = this.place;
    await explained(async () => {
      const found = await unlessMissing(this.core.readNamespacedConfigMap({ name, namespace }));
      const { metadata, data = {} } = found ?? {};
      const present = accountBindingEntries.filter((entry) => entry in data);
      if (present.length > 0) {
        const body = [
          { op: "test", path: "/metadata/resourceVersion", value: metadata?.resourceVersion },
          ...present.map((entry) => ({ op: "remove", path: `/data/${entry}` })),
        ];
        await this.core.patchNamespacedConfigMap({ name, namespace, body });
      }
    });
  }

  /** The release's revisions, oldest first, one at a time: Helm may keep thousands, of up to a megabyte each. */
  private async *revisions(): AsyncGenerator<V1Secret> {
    const { namespace, releaseName } = this.place;
    const metadata = await explained(() =>
      recordMetadata(this.core, { name: releaseName }, namespace),
    );
    const versionOf = ({ labels }: V1ObjectMeta) => Number(labels?.version);
    for (const each of metadata.toSorted((a, b) => versionOf(a) - versionOf(b))) {
      const secret = await this.secretOf(each);
      if (secret !== undefined) {
        yield secret;
      }
    }
  }

  /** Where Akash's chart is deployed instead, as far as the permissions allow. */
  private async elsewhere(): Promise<string> {
    const deployed = await explained(() =>
      unlessForbidden(recordMetadata(this.core, { status: "deployed" })),
    );
    const secrets: V1Secret[] = [];
    for (const each of likeliest(deployed ?? [])) {
      const secret = await unlessForbidden(this.secretOf(each));
      secrets.push(...(secret === undefined ? [] : [secret]));
    }
    return elsewhereText(deployed && secrets, this.kubeContext, this.kubeconfig);
  }

  /** The Secret with this metadata, if it still exists. */
  private secretOf({ namespace = "", name = "" }: V1ObjectMeta): Promise<V1Secret | undefined> {
    return explained(() => unlessMissing(this.core.readNamespacedSecret({ namespace, name })));
  }
}

/** Reads a revision; an unreadable revision prevents the adoption. */
function readRecord(secret: V1Secret): HelmRecord {
  try {
    return decodeRecord(secret);
  } catch {
    const { namespace = "", name = "", labels } = secret.metadata ?? {};
    throw new UserError(
      `The Secret ${name} in ${namespace} is damaged: it contains no Helm revision. To list the revisions that Helm can read: ${helm({ namespace }, shell`history ${labels?.name ?? ""}`)}`,
    );
  }
}

/** The result of a read, or undefined where the permission is missing. */
async function unlessForbidden<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 403) {
      return undefined;
    }
    throw error;
  }
}

async function explained<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    // The API client already explains a cluster that refuses or does not respond.
    if (error instanceof UserError) {
      throw error;
    }
    const { code, body } = error as { readonly code?: unknown; readonly body?: unknown };
    const reason = typeof code === "number" ? `${code}: ${statusMessage(body)}` : messageOf(error);
    throw new UserError(`The request to the cluster failed (${reason}).`);
  }
}

/** The API server's message, from the body of its response. */
function statusMessage(body: unknown): string {
  try {
    const status = (typeof body === "string" ? JSON.parse(body) : body) as { message?: unknown };
    return typeof status.message === "string" ? printableLine(status.message) : "no reason given";
  } catch {
    return "no reason given";
  }
}
