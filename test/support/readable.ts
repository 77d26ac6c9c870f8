import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { parseJson } from "../../lib/json.ts";
import type { Cluster } from "./kubernetesObjects.ts";
import type { Workspace } from "./workspace.ts";

/** Everything that is readable by others than the provider, where no secret may appear. */
export class Readable {
  private readonly sandbox: Sandbox;
  private readonly cluster: Cluster;
  private readonly namespace: string;
  /** Texts by where they were found; for a text that was found again, the first place. */
  private readonly texts = new Map<string, { readonly where: string; readonly text: string }>();

  constructor(sandbox: Sandbox, cluster: Cluster, namespace: string) {
    this.sandbox = sandbox;
    this.cluster = cluster;
    this.namespace = namespace;
  }

  add(where: string, text: string): void {
    const digest = createHash("sha256").update(text).digest("hex");
    if (!this.texts.has(digest)) {
      this.texts.set(digest, { where, text });
    }
  }

  /** Records Pulumi's state, its history and backups, and the namespace's objects repeatedly while something runs. */
  async recording<T>(run: () => Promise<T>): Promise<T> {
    let running = true;
    const ended = run().finally(() => {
      running = false;
    });
    while (running) {
      this.addFiles(pulumiStateDirectory(this.sandbox.directory));
      await this.addObjects();
      await delay(100);
    }
    return ended;
  }

  /** Records everything that exists at the end. */
  async addAll(workspace: Workspace): Promise<void> {
    for (const command of [["export"], ["output", "--json"], ["history", "--json"]]) {
      const { output } = await workspace.succeed("stack", ...command, "-s", workspace.stack);
      this.add(command.join(" "), output);
    }
    this.addFiles(pulumiStateDirectory(this.sandbox.directory));
    this.addFiles(join(this.sandbox.directory, "logs"));
    await this.addObjects();
  }

  /** Asserts that no text contains one of these secrets, a part of one, or an encoding. */
  assertWithout(secrets: Iterable<string>): void {
    const sentinels = [...secrets].flatMap(forms);
    for (const { where, text } of this.texts.values()) {
      for (const sentinel of sentinels) {
        assert(!text.includes(sentinel), `${where} shows a secret`);
      }
    }
  }

  private addFiles(directory: string): void {
    for (const file of globSync(`${directory}/**`, { withFileTypes: true })) {
      if (file.isFile()) {
        const path = join(file.parentPath, file.name);
        this.add(path, readIfThere(path));
      }
    }
  }

  /** All objects except Secrets, but including Helm's. */
  private async addObjects(): Promise<void> {
    const { core } = this.cluster;
    const { namespace } = this;
    for (const { version, text } of await this.cluster.helmHistory(namespace)) {
      this.add(`Helm's revision ${version}`, text);
    }
    const lists = {
      ConfigMaps: core.listNamespacedConfigMap({ namespace }),
      pods: core.listNamespacedPod({ namespace }),
      events: core.listNamespacedEvent({ namespace }),
    };
    for (const [kind, list] of Object.entries(lists)) {
      this.add(kind, JSON.stringify(await list));
    }
  }
}

/** Files of the state may be deleted in the meantime. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return "";
    }
    throw error;
  }
}

/**
 * The forms in which a secret could appear: a token unchanged, a key file by a line of its key, and each in base64
 * at any offset.
 */
function forms(secret: string): string[] {
  const { private_key: key } = (parseJson(secret) ?? {}) as { readonly private_key?: string };
  const plain = key === undefined ? secret : (key.split("\n")[3] ?? "");
  const encoded = [0, 1, 2].map((offset) =>
    // Without the first and the last characters, which also encode neighboring characters.
    Buffer.from(" ".repeat(offset) + plain)
      .toString("base64")
      .slice(4, -4),
  );
  const found = [plain, ...encoded];
  assert(found.every(({ length }) => length > 20));
  return found;
}
