import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseValues } from "../../../../adopt/file/readValues.ts";
import type { ValueMap } from "../../../../lib/json.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** The values of a file in `fixtures`, with a generated private key: no key belongs in a repository. */
export function fixture(name: string): ValueMap {
  const file = `test/unit/adopt/file/fixtures/${name}.yaml`;
  const text = readFileSync(file, "utf8");
  return parseValues(text.replace("GENERATED_PRIVATE_KEY", JSON.stringify(pem).slice(1, -1)), file);
}
