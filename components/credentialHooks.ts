import * as pulumi from "@pulumi/pulumi";
import { credentialChecksum, credentialSecretName } from "../chart/release.ts";
import type { Config } from "../config/index.ts";
import { digestOf, type RotationGuard } from "../dns/credential.ts";
import { lastSegment } from "../dns/names.ts";
import { resolved } from "./resolved.ts";
import { removeStrays, type CredentialInventory } from "../dns/orphans.ts";
import { coreApi, unlessMissing } from "./coreApi.ts";

/**
 * Annotations of the credential's Secret: the digest and the cloud's id of what is in it, the ids of what comes next and
 * came before, and the random part of the name by which the stack knows its own at the cloud, also when its state is lost.
 */
export const credentialAnnotations = {
  digest: "akash-provider-letsencrypt/credential-digest",
  id: "akash-provider-letsencrypt/credential-id",
  next: "akash-provider-letsencrypt/next-credential-id",
  previous: "akash-provider-letsencrypt/previous-credential-id",
  suffix: "akash-provider-letsencrypt/credential-suffix",
} as const;

/**
 * The hooks that keep a rotation safe. Registered in every run, whatever the challenge is: Pulumi looks the delete hook
 * up by name when the credential goes, which it also does with the switch to HTTP-01.
 */
export class CredentialHooks implements RotationGuard {
  private readonly config: Config;
  private readonly beforeDelete: pulumi.ResourceHook;

  constructor(config: Config) {
    this.config = config;
    this.beforeDelete = new pulumi.ResourceHook("dns-credential-delete", async (args) => {
      await this.refuseWhileInUse(args.oldOutputs);
      await this.deleteToken(args);
    });
  }

  /**
   * The hooks of the resource that is the credential: a key or a token.
   *
   * @param inventory the credentials that the stack has made
   */
  binding(inventory: () => Promise<CredentialInventory>): pulumi.ResourceHookBinding {
    return {
      beforeCreate: [
        new pulumi.ResourceHook("dns-credential-create", () => this.makeRoom(inventory)),
      ],
      afterCreate: [
        new pulumi.ResourceHook("dns-credential-created", ({ id }) => this.noteNext(id)),
      ],
      beforeDelete: [this.beforeDelete],
    };
  }

  /**
   * The id of the credential in use, once those are gone that an interrupted run made and Pulumi never heard of.
   *
   * @param id the cloud's id of the credential
   * @param inventory the credentials that the stack has made
   */
  withoutStrays(
    id: pulumi.Output<string>,
    inventory: () => Promise<CredentialInventory>,
  ): pulumi.Output<string> {
    return id.apply(async (current) => {
      if (!pulumi.runtime.isDryRun()) {
        const inUse = await this.inUse(await this.secretAnnotations());
        await removeStrays(await inventory(), inUse && [current, ...inUse]);
      }
      return current;
    });
  }

  /** Never more than two: the one in use and the next. */
  private async makeRoom(inventory: () => Promise<CredentialInventory>): Promise<void> {
    const credentials = await inventory();
    const annotations = await this.secretAnnotations();
    const inUse = await this.inUse(annotations);
    const next = annotations[credentialAnnotations.next];
    const known = next === undefined ? inUse : inUse && [...inUse, next];
    const left = await removeStrays(credentials, known);
    const unfinished = left.filter((id) => known?.includes(id));
    if (unfinished.length > 1) {
      throw new pulumi.RunError(
        `There are two credentials already, ${unfinished.join(" and ")}, from a rotation that did not finish. ` +
          `Finish it first, without --replace: pulumi up -s ${pulumi.getStack()}`,
      );
    }
    if (left.length > 1) {
      const strays = left.filter((id) => known?.includes(id) !== true);
      throw new pulumi.RunError(
        `There are ${left.length} credentials already, and those that are not in use could not be removed. Remove them, and ` +
          `try again:\n${strays.map((id) => `  ${credentials.removeCommand(id)}`).join("\n")}`,
      );
    }
  }

  private async noteNext(id: string): Promise<void> {
    const core = await coreApi(this.config.kubeContext);
    const { namespace } = this.config;
    const name = this.secretName();
    const { [credentialAnnotations.id]: previous } = await this.secretAnnotations();
    const annotations = {
      [credentialAnnotations.next]: lastSegment(id),
      ...(previous !== undefined && { [credentialAnnotations.previous]: previous }),
    };
    // A patch of these annotations alone, so that the rest of the Secret stays Pulumi's.
    await unlessMissing(
      core.patchNamespacedSecret({ name, namespace, body: annotationPatch(annotations) }),
    );
  }

  private async refuseWhileInUse(outputs: Record<string, unknown> | undefined): Promise<void> {
    const inUse = await this.podDigest();
    if (inUse !== undefined && inUse === (await digestOfOutputs(outputs))) {
      throw new pulumi.RunError(
        `The pod ${this.config.names.pod} still runs with this credential, so it is not deleted. When the pod runs with the new one, ` +
          `pulumi up -s ${pulumi.getStack()} deletes it`,
      );
    }
  }

  /**
   * Deletes a token in the plugin's place. The plugin of Cloudflare fails on one that is gone already, because a run was
   * killed or somebody has revoked it, and would fail again at each further run. (A token that an operator has protected
   * is refused by the preview; with --skip-preview the engine looks at that only after this.)
   */
  private async deleteToken({ id, type, oldInputs }: pulumi.ResourceHookArgs): Promise<void> {
    if (type.startsWith("cloudflare:")) {
      const { removeToken } = await import("../dns/cloudflare/tokens.ts");
      const { accountId } = (oldInputs ?? {}) as { readonly accountId?: string };
      await removeToken(id, accountId, this.config.plugins.cloudflare);
    }
  }

  /**
   * Ids of the credentials that the Secret and the pod have. Until the pod is the new one, it has the previous. Undefined
   * where the pod has one that no Secret tells, because somebody has deleted it.
   */
  private async inUse(
    annotations: Readonly<Record<string, string>>,
  ): Promise<readonly string[] | undefined> {
    const { id, digest, previous } = credentialAnnotations;
    const running = await this.podDigest();
    if (annotations[id] === undefined && running !== undefined) {
      return undefined;
    }
    const rolled = running === annotations[digest];
    return [annotations[id], ...(rolled ? [] : [annotations[previous]])].filter(
      (known) => known !== undefined,
    );
  }

  private async podDigest(): Promise<string | undefined> {
    const { namespace, kubeContext, names } = this.config;
    const core = await coreApi(kubeContext);
    const pod = await unlessMissing(core.readNamespacedPod({ name: names.pod, namespace }));
    return pod?.metadata?.annotations?.[credentialChecksum.dnsCredential];
  }

  private secretName(): string {
    const { challenge, names } = this.config;
    return challenge.type === "dns-01" ? credentialSecretName(names, challenge.dns.provider) : "";
  }

  private async secretAnnotations(): Promise<Readonly<Record<string, string>>> {
    const core = await coreApi(this.config.kubeContext);
    const { namespace } = this.config;
    const name = this.secretName();
    const secret = await unlessMissing(core.readNamespacedSecret({ name, namespace }));
    return secret?.metadata?.annotations ?? {};
  }
}

function annotationPatch(annotations: Readonly<Record<string, string>>): object[] {
  return Object.entries(annotations).map(([name, value]) => ({
    op: "add",
    path: `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    value,
  }));
}

/** A key's outputs have its file encoded (`privateKey`), a token's the token (`value`). */
async function digestOfOutputs(
  outputs: Record<string, unknown> | undefined,
): Promise<string | undefined> {
  const { privateKey, value } = (outputs ?? {}) as Partial<
    Record<"privateKey" | "value", pulumi.Input<string>>
  >;
  if (privateKey !== undefined) {
    const encoded = await resolved(pulumi.output(privateKey));
    return digestOf(Buffer.from(encoded, "base64").toString("utf8"));
  }
  return value === undefined ? undefined : digestOf(await resolved(pulumi.output(value)));
}
