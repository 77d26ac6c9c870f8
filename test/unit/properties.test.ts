import assert from "node:assert/strict";
import fc from "fast-check";
import { parseValuesFile } from "../../adopt/file/readValues.ts";
import { translate } from "../../adopt/file/translate.ts";
import { validate } from "../../adopt/file/validate.ts";
import { check as findings } from "../../chart/check.ts";
import { objectsIn, parseManifest } from "../../chart/manifest.ts";
import { releaseNames } from "../../chart/release.ts";
import { repairManifest } from "../../chart/repairManifest.ts";
import { chartValues } from "../../chart/values.ts";
import type { Cluster } from "../../components/index.ts";
import { providerArgs } from "../../config/args.ts";
import { ConfigError, readConfig } from "../../config/index.ts";
import { UserError } from "../../lib/errors.ts";
import { formatYaml, parseYaml } from "../../lib/yaml.ts";
import { anyConfiguration } from "../support/anySettings.ts";
import { anyManifest } from "../support/anyManifest.ts";
import { anyValuesFile } from "../support/anyValuesFile.ts";
import { check } from "../support/property.ts";

/** Whatever is thrown otherwise would be shown with its stack. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert(
      error instanceof UserError || error instanceof ConfigError,
      error instanceof Error ? error.stack : String(error),
    );
    assert.doesNotMatch(error.message, /\n\s+at |undefined|\[object /);
    return undefined;
  }
}

/** A run of a property for nothing would pass, too. */
function assertMany(accepted: number, of: number): void {
  assert(accepted > of / 5, `only ${accepted} of ${of} were accepted`);
}

describe("of whatever is written", function () {
  this.timeout(300_000);

  it("settings are accepted or refused, and accepted ones are values for the chart", () => {
    const numRuns = 5000;
    let accepted = 0;
    check(
      fc.property(anyConfiguration, (source) => {
        const config = orRefused(() => readConfig(source));
        if (config !== undefined) {
          accepted += 1;
          const args = providerArgs(config, {} as Cluster, undefined);
          const values = chartValues(args, { parameters: "p" });
          assert.deepEqual(JSON.parse(JSON.stringify(values)), structuredClone(values));
          assert.deepEqual(parseYaml(formatYaml(values))[0]?.toJS(), values);
        }
      }),
      { numRuns },
    );
    assertMany(accepted, numRuns);
  });

  it("a values file is read or refused, and translated into settings or refused", () => {
    const numRuns = 4000;
    let accepted = 0;
    check(
      fc.property(anyValuesFile, (text) => {
        orRefused(() => {
          const { values } = parseValuesFile(text, "provider.yaml");
          const translation = translate(values, { zone: "example.com" });
          const existing = { settings: {}, encrypted: [] };
          const { config, refusals } = validate("prod", existing, translation);
          assert(config !== undefined || refusals.length > 0);
          accepted += config === undefined ? 0 : 1;
          JSON.stringify(translation);
        });
      }),
      { numRuns },
    );
    assertMany(accepted, numRuns);
  });

  it("a manifest is repaired so that its certificate comes, or refused in a sentence", () => {
    const numRuns = 1000;
    let accepted = 0;
    check(
      fc.property(anyManifest, ({ manifest, parameters }) => {
        let repaired: string;
        try {
          repaired = repairManifest(manifest);
        } catch (error) {
          assert(error instanceof Error && error.name === "Error", (error as Error).stack);
          return;
        }
        accepted += 1;
        const context = { names: releaseNames("akash-provider"), parameters };
        assert.deepEqual(findings(objectsIn(parseManifest(repaired)), context), []);
        assert.equal(repairManifest(repaired), repaired);
      }),
      { numRuns },
    );
    assertMany(accepted, numRuns);
  });
});
