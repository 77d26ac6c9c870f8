import type { Clock } from "../../components/clock.ts";
import { credentialAnnotations } from "../../components/dnsCredential/annotations.ts";
import type { Annotations, ConsumerState } from "../../components/dnsCredential/consumerState.ts";
import { Rotation } from "../../components/dnsCredential/rotation.ts";
import type { CredentialInventory } from "../../dns/orphans.ts";
import { warningsOf } from "./warnings.ts";

/** The digest of a credential, which must not be taken for its id. */
export function digest(credential: string): string {
  return `digest of ${credential}`;
}

/** A consumer in a cluster that there is not. */
export class FakeConsumer implements ConsumerState {
  readonly secret: string | undefined;
  readonly pod: string | undefined;
  /** Annotations of its Secret; undefined while there is no Secret. */
  stored: Annotations | undefined;
  /** The digest that its pod was started with; undefined while there is no pod, or it has none. */
  running: string | undefined;
  /** How long its pod has to end, in seconds; undefined while it stays. */
  secondsToEnd: number | undefined;
  /** What its Secret was annotated with. */
  readonly patches: Annotations[] = [];
  /** Whether the cluster takes annotations. */
  takesAnnotations = true;

  constructor(secret: string | undefined, pod?: string) {
    this.secret = secret;
    this.pod = pod;
  }

  annotations = () => Promise.resolve(this.stored ?? {});

  annotate = (annotations: Annotations) => {
    if (!this.takesAnnotations) {
      return Promise.reject(new Error("the cluster does not answer"));
    }
    this.patches.push(annotations);
    // As in the cluster, there is nothing to annotate where there is no Secret.
    this.stored &&= { ...this.stored, ...annotations };
    return Promise.resolve();
  };

  runningPod = () => {
    const digest = this.running;
    const secondsToEnd = () => Promise.resolve(this.secondsToEnd);
    return Promise.resolve(this.pod === undefined ? undefined : { digest, secondsToEnd });
  };

  /** What Pulumi does with its Secret: digest and id are of the new content, and all else stays. */
  store(credential: string): void {
    this.stored = {
      ...this.stored,
      [credentialAnnotations.digest]: digest(credential),
      [credentialAnnotations.id]: credential,
    };
  }

  /** Stores a credential that has no id, since nobody knows where it comes from. */
  storeBrought(credential: string): void {
    this.stored = { [credentialAnnotations.digest]: digest(credential) };
  }

  /** The pod is replaced, and starts with what the Secret has. */
  roll(): void {
    this.running = this.stored?.[credentialAnnotations.digest];
  }

  /** Digest, id, next and previous, as the page about the protocol has them. */
  get shown(): string {
    const { digest, id, next, previous } = credentialAnnotations;
    return [digest, id, next, previous]
      .map((name) => this.stored?.[name])
      .map(shownCredential)
      .join(" ");
  }
}

/** A maker of credentials at a cloud that there is not. */
export class FakeCloud implements CredentialInventory {
  ids: string[];
  readonly removed: string[] = [];
  /** Credentials that it refuses to remove. */
  kept: readonly string[] = [];
  /** Whether whoever asks may list them. */
  lists = true;

  constructor(...ids: string[]) {
    this.ids = ids;
  }

  list = () =>
    this.lists ? Promise.resolve([...this.ids]) : Promise.reject(new Error("may not list them"));

  remove = (id: string) => {
    if (this.kept.includes(id)) {
      return Promise.reject(new Error(`may not remove ${id}`));
    }
    this.removed.push(id);
    this.ids = this.ids.filter((other) => other !== id);
    return Promise.resolve();
  };

  removeCommand = (id: string) => `cloud remove ${id}`;
}

/** A time that passes only while somebody waits. */
export class FakeClock implements Clock {
  /** What is about to happen, by the moment, in milliseconds from the beginning. */
  readonly #events: { readonly at: number; readonly happen: () => void }[] = [];
  #now = 0;

  now = () => this.#now;

  wait = (milliseconds: number) => {
    this.#now += milliseconds;
    for (const { happen } of this.#events.filter(({ at }) => at <= this.#now)) {
      happen();
    }
    return Promise.resolve();
  };

  /** Lets something happen after so many seconds. */
  after(seconds: number, happen: () => void): void {
    this.#events.push({ at: this.#now + seconds * 1_000, happen });
  }
}

/** An AkashProvider that is yet to be deployed. */
export function fakeProvider(): FakeConsumer {
  return new FakeConsumer("provider-gcp-dns", "provider-0");
}

/** A rotation with all that it is about, and what the engine does between the program's hooks. */
export class Stage {
  /** The first consumer, an AkashProvider. */
  readonly provider: FakeConsumer;
  readonly consumers: readonly FakeConsumer[];
  readonly cloud: FakeCloud;
  readonly rotation: Rotation;
  readonly clock = new FakeClock();

  constructor(
    cloud: readonly string[] = [],
    consumers: readonly [FakeConsumer, ...FakeConsumer[]] = [fakeProvider()],
  ) {
    this.cloud = new FakeCloud(...cloud);
    this.consumers = consumers;
    [this.provider] = consumers;
    this.rotation = new Rotation(this.consumers, this.clock);
  }

  /** One where A is in use. */
  static inUse(...others: readonly FakeConsumer[]): Stage {
    const stage = new Stage(["A"], [fakeProvider(), ...others]);
    for (const consumer of stage.consumers) {
      consumer.store("A");
      consumer.roll();
    }
    return stage;
  }

  /** One where a rotation has gone as far as `created`: B is made and noted, but nowhere used. */
  static async created(...others: readonly FakeConsumer[]): Promise<Stage> {
    const stage = Stage.inUse(...others);
    await stage.create("B");
    return stage;
  }

  /** The engine makes a credential, with the hooks before and after that. */
  async create(id: string): Promise<void> {
    await this.rotation.makeRoom(this.cloud);
    this.cloud.ids.push(id);
    await this.rotation.noteNext(`projects/p/serviceAccounts/s/keys/${id}`);
  }

  /** The engine deletes a credential, with the hook before that. */
  async delete(id: string): Promise<void> {
    await this.rotation.refuseWhileInUse(digest(id));
    this.cloud.ids = this.cloud.ids.filter((other) => other !== id);
  }

  /**
   * What an `up` that makes nothing removes.
   *
   * @param current the credential that Pulumi knows
   */
  async orphansRemoved(current: string): Promise<readonly string[]> {
    const before = this.cloud.removed.length;
    await warningsOf(() => this.rotation.removeOrphans(current, this.cloud));
    return this.cloud.removed.slice(before);
  }

  /** As the page about the protocol has it. */
  get shown() {
    return {
      secrets: this.consumers.map(({ shown }) => shown),
      pod: shownCredential(this.provider.running),
      cloud: this.cloud.ids.length === 0 ? "–" : this.cloud.ids.join(" "),
    };
  }
}

function shownCredential(digestOrId: string | undefined): string {
  return digestOrId?.replace("digest of ", "") ?? "–";
}
