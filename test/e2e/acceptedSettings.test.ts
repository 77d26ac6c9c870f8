import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encodeParameters } from "../../chart/parameters.ts";
import { repairManifest } from "../../chart/repairManifest.ts";
import { chartValues, type ChartValues } from "../../chart/values.ts";
import type { Cluster } from "../../components/index.ts";
import { providerArgs } from "../../config/args.ts";
import { ConfigError, readConfig, type ConfigSource } from "../../config/index.ts";
import { formatYaml } from "../../lib/yaml.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import { isExhaustive } from "../support/exhaustive.ts";
import { deployableConfiguration } from "../support/anySettings.ts";
import { sample } from "../support/property.ts";
import { testSandbox } from "../support/sandbox.ts";
import { chartUnderTest, Workspace } from "../support/workspace.ts";

describe("settings that are accepted", () => {
  const count = isExhaustive ? 200 : 50;
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "accepted-"));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** The chart's values of one configuration; undefined if the configuration is refused. */
  function valuesOf(source: ConfigSource): ChartValues | undefined {
    try {
      const args = providerArgs(readConfig(source), {} as Cluster, undefined);
      const parameters = encodeParameters({
        challenge: { type: "http-01" },
        walletDigest: "0".repeat(16),
      });
      return chartValues(args, { parameters });
    } catch (error) {
      assert(error instanceof ConfigError, String(error));
      return undefined;
    }
  }

  it(`pass through the chart, the repairs and the API server (${count} of them)`, async function () {
    this.timeout(600_000);
    const all = sample(deployableConfiguration, count * 2).flatMap(
      (source) => valuesOf(source) ?? [],
    );
    const accepted = all.slice(0, count);
    assert.equal(accepted.length, count);
    const programs = await ensurePrograms(["helm", "kubectl"], silentReporter);
    const [helm = "", kubectl = ""] = (["helm", "kubectl"] as const).map(
      (name) => programs.get(name)?.path,
    );
    const { environment } = await testSandbox();
    const run = promisify(execFile);
    const objects = new Set<string>();
    await inParallel(accepted.entries(), 4, async ([index, values]) => {
      const file = join(directory, `${index}.yaml`);
      writeFileSync(file, formatYaml(values));
      const { stdout } = await run(
        helm,
        ["template", "akash-provider", chartUnderTest(), "-n", "default", "-f", file],
        { maxBuffer: 2 ** 26 },
      );
      for (const object of repairManifest(stdout).split(/^---\n/m)) {
        objects.add(object);
      }
    });
    // Common parts are tested once.
    const parts = Array.from({ length: 4 }, (_, part) =>
      [...objects].filter((_object, index) => index % 4 === part),
    );
    await inParallel(parts.entries(), 4, async ([part, texts]) => {
      const file = join(directory, `objects-${part}.yaml`);
      writeFileSync(file, texts.join("---\n"));
      await run(kubectl, ["apply", "--dry-run=server", "-n", "default", "-f", file], {
        env: environment,
        maxBuffer: 2 ** 26,
      });
    });
  });

  it("include dates and times, which Pulumi passes on in another form if they are not quoted", async () => {
    const written = [
      ["2026-11-30", "2026-11-30"],
      ["2026-11-30T10:00:00Z", "2026-11-30T10:00:00Z"],
      ["2026-11-30T10:00:00.5+02:00", "2026-11-30T10:00:00.5+02:00"],
      ["22:30", "22:30"],
      ["+05:30", "+05:30"],
      ['"2026-11-30T00:00:00Z"', "2026-11-30T00:00:00Z"],
      // The form in which it was written is not known here.
      ["2026-11-30T00:00:00Z", "2026-11-30"],
    ] as const;
    const place = (index: number) => `place-${index}`;
    const name = "dates";
    const workspace = await Workspace.create(await testSandbox(), name, name, {
      values: { podAnnotations: written.map((_, index) => place(index)) },
      attributes: [{ key: "since", value: place(written.length) }],
    });
    for (const [index, [scalar]] of [...written, written[0]].entries()) {
      workspace.edit(`stacks/Pulumi.${name}.yaml`, place(index), scalar);
    }
    const { stdout } = await workspace.succeed("preview", "-s", name, "--json");
    const { steps } = JSON.parse(stdout) as {
      readonly steps: readonly { readonly newState?: { readonly inputs?: ReleaseInputs } }[];
    };
    const [values] = steps.flatMap(({ newState }) => newState?.inputs?.values ?? []);
    assert.deepEqual(
      values?.podAnnotations,
      written.map(([, arrives]) => arrives),
    );
    assert.deepEqual(values.attributes, [{ key: "since", value: "2026-11-30" }]);
  });
});

/** The inputs of Helm's plugin that the test reads. */
interface ReleaseInputs {
  readonly values?: {
    readonly podAnnotations: unknown;
    readonly attributes: unknown;
  };
}

/** Calls `work` with each item, several at the same time. */
async function inParallel<Item>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
