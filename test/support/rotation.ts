import type { Clock } from "../../components/clock.ts";
import { credentialAnnotations } from "../../components/dnsCredential/annotations.ts";
import type { Annotations, ConsumerState } from "../../components/dnsCredential/consumerState.ts";
import { Rotation } from "../../components/dnsCredential/rotation.ts";
import type { CredentialInventory } from "../../dns/orphans.ts";
import { warningsOf } from "./warnings.ts";

/** The digest of a credential, which must not be confused with its id. */
export function digest(credential: string): string {
  return `digest of ${credential}`;
}

/** A consumer in a simulated cluster. */
export class FakeConsumer implements ConsumerState {
  readonly secret: string | undefined;
  readonly pod: string | undefined;
  /** Annotations of its Secret; undefined if there is no Secret. */
  stored: Annotations | undefined;
  /** The digest with which its pod was started; undefined if there is no pod, or the pod has none. */
  running: string | undefined;
  /** How long its pod takes to terminate, in seconds; undefined if the pod stays. */
  secondsToEnd: number | undefined;
  /** The annotations that its Secret received. */
  readonly patches: Annotations[] = [];
  /** Whether the cluster accepts annotations. */
  takesAnnotations = true;

  constructor(secret: string | undefined, pod?: string) {
    this.secret = secret;
    this.pod = pod;
  }

  annotations = () => Promise.resolve(this.stored ?? {});

  annotate = (annotations: Annotations) => {
    if (!this.takesAnnotations) {
      return Promise.reject(new Error("the cluster does not respond"));
    }
    this.patches.push(annotations);
    // As in the cluster, annotations have no effect if there is no Secret.
    this.stored &&= { ...this.stored, ...annotations };
    return Promise.resolve();
  };

  runningPod = () => {
    const digest = this.running;
    const secondsToEnd = () => Promise.resolve(this.secondsToEnd);
    return Promise.resolve(this.pod === undefined ? undefined : { digest, secondsToEnd });
  };

  /** Pulumi's update of its Secret: digest and id are of the new content, and everything else is kept. */
  store(credential: string): void {
    this.stored = {
      ...this.stored,
      [credentialAnnotations.digest]: digest(credential),
      [credentialAnnotations.id]: credential,
    };
  }

  /** Stores a credential without an id, because its origin is unknown. */
  storeBrought(credential: string): void {
    this.stored = { [credentialAnnotations.digest]: digest(credential) };
  }

  /** Replaces the pod, which starts with the content of the Secret. */
  roll(): void {
    this.running = this.stored?.[credentialAnnotations.digest];
  }

  /** Digest, id, next and previous, in the format of the page about the protocol. */
  get shown(): string {
    const { digest, id, next, previous } = credentialAnnotations;
    return [digest, id, next, previous]
      .map((name) => this.stored?.[name])
      .map(shownCredential)
      .join(" ");
  }
}

/** A simulated DNS provider that creates credentials. */
export class FakeCloud implements CredentialInventory {
  ids: string[];
  readonly removed: string[] = [];
  /** Credentials whose deletion it refuses. */
  kept: readonly string[] = [];
  /** Whether the caller may list them. */
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

/** A clock that advances only while the program waits. */
export class FakeClock implements Clock {
  /** Future events by their time, in milliseconds from the start. */
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

  /** Runs a function after this many seconds. */
  after(seconds: number, happen: () => void): void {
    this.#events.push({ at: this.#now + seconds * 1_000, happen });
  }
}

/** An AkashProvider that is not deployed yet. */
export function fakeProvider(): FakeConsumer {
  return new FakeConsumer("provider-gcp-dns", "provider-0");
}

/** A rotation with all its parts, and the engine's actions between the program's hooks. */
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

  /** A stage where A is in use. */
  static inUse(...others: readonly FakeConsumer[]): Stage {
    const stage = new Stage(["A"], [fakeProvider(), ...others]);
    for (const consumer of stage.consumers) {
      consumer.store("A");
      consumer.roll();
    }
    return stage;
  }

  /** A stage where a rotation has reached `created`: B is created and noted, but not in use. */
  static async created(...others: readonly FakeConsumer[]): Promise<Stage> {
    const stage = Stage.inUse(...others);
    await stage.create("B");
    return stage;
  }

  /** The engine creates a credential, with the hooks before and after it. */
  async create(id: string): Promise<void> {
    await this.rotation.makeRoom(this.cloud);
    this.cloud.ids.push(id);
    await this.rotation.noteNext(`projects/p/serviceAccounts/s/keys/${id}`);
  }

  /** The engine deletes a credential, with the hook before it. */
  async delete(id: string): Promise<void> {
    await this.rotation.refuseWhileInUse(digest(id));
    this.cloud.ids = this.cloud.ids.filter((other) => other !== id);
  }

  /**
   * The credentials that an `up` without a new credential deletes.
   *
   * @param current the credential in Pulumi's state
   */
  async orphansRemoved(current: string): Promise<readonly string[]> {
    const before = this.cloud.removed.length;
    await warningsOf(() => this.rotation.removeOrphans(current, this.cloud));
    return this.cloud.removed.slice(before);
  }

  /** In the format of the page about the protocol. */
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
