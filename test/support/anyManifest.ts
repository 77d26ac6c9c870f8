import fc from "fast-check";
import { repairsVersion, type Parameters } from "../../chart/parameters.ts";
import { formatYaml, parseYaml } from "../../lib/yaml.ts";
import { isMap } from "../../lib/json.ts";
import { chartManifest, cloudflareDns01, googleCloudDns01, http01 } from "./manifest.ts";
import { anyText, plainScalars, yamlTree } from "./yamlValues.ts";

const walletDigest = "00112233445566ff";

/** A place in a document: the numbers of the keys to follow. */
const place = fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 6 });

/** The document with another value at a place. */
function replaced(tree: unknown, [first, ...rest]: readonly number[], value: unknown): unknown {
  if (first === undefined || typeof tree !== "object" || tree === null) {
    return value;
  }
  const keys = Object.keys(tree);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) {
    return value;
  }
  const inside = replaced((tree as Record<string, unknown>)[key], rest, value);
  if (Array.isArray(tree)) {
    return tree.with(Number(key), inside) as unknown;
  }
  return isMap(tree) ? { ...tree, [key]: inside } : value;
}

const scalarLine = fc.constantFrom(...plainScalars.map(([plain]) => plain));

/** Manifests of the chart: as rendered with values of every kind, and with an arbitrary value at some place. */
export const anyManifest: fc.Arbitrary<{
  readonly manifest: string;
  readonly parameters: Parameters;
}> = fc
  .record({
    challenge: fc.constantFrom(http01, googleCloudDns01, cloudflareDns01),
    chartVersion: fc.constantFrom("12.1.3", "14.0.8", "15.1.0-rc0", "19.0.2", "19.0.2+1"),
    settings: fc.array(
      scalarLine.map((plain) => `AP_EXTRA: ${plain}`),
      { maxLength: 1 },
    ),
    podAnnotations: fc.array(
      fc
        .oneof(
          scalarLine,
          anyText.map((text) => JSON.stringify(text)),
        )
        .map((value) => `note: ${value}`),
      { maxLength: 1 },
    ),
    spoilt: fc.option(fc.tuple(fc.nat({ max: 9 }), place, yamlTree), { freq: 2, nil: undefined }),
    dropped: fc.option(fc.nat({ max: 9 }), { freq: 4, nil: undefined }),
  })
  .map(({ challenge, spoilt, dropped, ...options }) => {
    const documents = chartManifest({ challenge, walletDigest, ...options }).split(/^---\n/m);
    const texts = documents.map((text, index) => {
      if (index === dropped) {
        return "";
      }
      if (spoilt === undefined || index !== spoilt[0] % documents.length) {
        return text;
      }
      const [, path, value] = spoilt;
      const object = parseYaml(text)[0]?.toJS() as unknown;
      return formatYaml(replaced(object, path, value));
    });
    return {
      manifest: texts.join("---\n"),
      parameters: { repairs: repairsVersion, challenge, walletDigest },
    };
  });
