import { dnsName } from "../../../lib/dnsName.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "./json.ts";

/** Which name servers the zone above names for a zone, where they are not those of the clouds; none: no delegation. */
export type Delegations = Record<string, readonly string[]>;

/** Reads `[{name, nameServers}]`; without `nameServers` it is again as the clouds have it. */
export function seedDelegations(delegations: Delegations, input: JsonObject): void {
  for (const entry of listOf(input.delegations).map(objectOf)) {
    const name = textOf(entry.name);
    if (name === undefined) {
      throw new Error("delegations: each needs a name");
    }
    if (entry.nameServers === undefined) {
      Reflect.deleteProperty(delegations, dnsName(name));
    } else {
      delegations[dnsName(name)] = textsOf(entry.nameServers).map(dnsName);
    }
  }
}
