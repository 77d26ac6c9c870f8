import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { provideChart } from "../../chart/provideChart.ts";
import { temporaryDirectory } from "./temporary.ts";

describe("chart", function () {
  const directory = temporaryDirectory();
  const before = process.env.AKASH_CHART;
  afterEach(function () {
    if (before === undefined) {
      delete process.env.AKASH_CHART;
    } else {
      process.env.AKASH_CHART = before;
    }
  });

  function writeChart(name: string): string {
    const chart = join(directory(), "source", name);
    mkdirSync(chart, { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), `name: ${name}\nversion: 1.2.3\n`);
    return chart;
  }

  async function provide(source: string): Promise<string> {
    process.env.AKASH_CHART = source;
    const { path } = await provideChart(join(directory(), "sandbox"));
    return readFileSync(join(path, "Chart.yaml"), "utf8");
  }

  it("uses the folder in AKASH_CHART, and replaces an earlier chart", async function () {
    const chart = writeChart("provider");
    assert.match(await provide(chart), /1\.2\.3/);
    writeFileSync(join(chart, "Chart.yaml"), "name: provider\nversion: 1.2.4\n");
    assert.match(await provide(chart), /1\.2\.4/);
  });

  it("uses the archive in AKASH_CHART", async function () {
    writeChart("provider");
    const archive = join(directory(), "provider-1.2.3.tgz");
    spawnSync("tar", ["-czf", archive, "-C", join(directory(), "source"), "provider"]);
    assert.match(await provide(archive), /1\.2\.3/);
  });

  it("reports an invalid AKASH_CHART", async function () {
    await assert.rejects(provide(join(directory(), "missing")), /AKASH_CHART=.* does not exist/);
    await assert.rejects(provide(writeChart("node")), /is the chart node, not provider/);
    await assert.rejects(provide(directory()), /is not a Helm chart/);
    const text = join(directory(), "chart.tgz");
    writeFileSync(text, "not an archive");
    await assert.rejects(provide(text), /neither a folder nor a \.tgz archive/);
  });
});
