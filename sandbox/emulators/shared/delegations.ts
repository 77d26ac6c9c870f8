import { dnsName } from "../../../lib/dnsName.ts";
import { type JsonObject, listOf, objectOf, textOf, textsOf } from "./json.ts";

/**
 * The name servers in the parent zone for a zone, if they differ from the assigned ones. An empty list means no
 * delegation.
 */
export type Delegations = Record<string, readonly string[]>;

/** Reads `[{name, nameServers}]`; without `nameServers`, the zone is again delegated to its assigned name servers. */
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
