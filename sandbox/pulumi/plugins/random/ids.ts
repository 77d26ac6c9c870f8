import { randomBytes } from "node:crypto";
import type { Resource } from "../plugin.ts";
import { type Properties, textOf } from "../values.ts";
import { atLeast, keepers } from "./keepers.ts";

/**
 * `random:index/randomId:RandomId`.
 *
 * @see https://github.com/hashicorp/terraform-provider-random/blob/main/internal/provider/resource_id.go
 */
export const randomId: Resource<object> = {
  properties: {
    byteLength: { required: true, replaces: true, check: atLeast(1) },
    keepers,
    prefix: { replaces: true },
    b64Std: { output: true },
    b64Url: { output: true },
    dec: { output: true },
    hex: { output: true },
  },
  create: (_cloud, inputs) => {
    const bytes = randomBytes(Number(inputs.byteLength));
    return Promise.resolve({ id: bytes.toString("base64url"), outputs: outputsOf(bytes, inputs) });
  },
  read: (_cloud, id, state) => Promise.resolve({ id, outputs: stateOf(id, state) }),
  delete: () => Promise.resolve(),
};

/** Imported by the id in base64url, after an optional prefix and a comma. */
function stateOf(id: string, state: Properties): Properties {
  if (Object.keys(state).length > 0) {
    return state;
  }
  const [encoded = "", prefix] = id.split(",").reverse();
  const bytes = Buffer.from(encoded, "base64url");
  return outputsOf(bytes, { byteLength: bytes.length, ...(prefix !== undefined && { prefix }) });
}

function outputsOf(bytes: Buffer, inputs: Properties): Properties {
  const prefix = textOf(inputs.prefix);
  return {
    ...inputs,
    b64Std: `${prefix}${bytes.toString("base64")}`,
    b64Url: `${prefix}${bytes.toString("base64url")}`,
    dec: `${prefix}${BigInt(`0x${bytes.toString("hex")}`).toString()}`,
    hex: `${prefix}${bytes.toString("hex")}`,
  };
}
