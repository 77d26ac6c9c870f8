import assert from "node:assert/strict";
import {
  compareDelegation,
  differenceOf,
  findDelegation,
  type Delegation,
  type DnsQueries,
} from "../../../dns/delegation.ts";
import { question, recordType, type DnsMessage, type DnsRecord } from "../../../lib/dnsMessage.ts";
import { Clouds, DOMAIN } from "../../../sandbox/test/emulators/support.ts";

const challenge = "_acme-challenge.provider.example.com";
const ours = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"];
const theirs = ["ns1.registrar.test"];
const zone = { name: "example.com", nameServers: ours };

/** The servers' answers, by address and queried name. */
type Answers = Readonly<Record<string, Partial<DnsMessage>>>;

const ns = (name: string, servers: readonly string[]): DnsRecord[] =>
  servers.map((data) => ({ name, type: recordType.NS, data }));
const soa = (name: string, data: string): DnsRecord => ({ name, type: recordType.SOA, data });

/** The address of each server. */
const addresses: Readonly<Record<string, string>> = {
  "a.nic.com": "192.0.2.1",
  "ada.ns.cloudflare.com": "192.0.2.2",
  "bob.ns.cloudflare.com": "192.0.2.2",
  "ns1.registrar.test": "192.0.2.3",
  "ns1.example.com": "192.0.2.2",
};
const com = "192.0.2.1";
const cloudflare = "192.0.2.2";
const registrar = "192.0.2.3";

/** DNS with these answers from the servers and from this machine's DNS. */
function internet(
  answers: Answers,
  own: Partial<Pick<DnsQueries, "nameServers" | "primary">> = {},
) {
  const queries: DnsQueries = {
    nameServers: (name) =>
      name === "com" ? Promise.resolve(["a.nic.com"]) : Promise.reject(new Error("ESERVFAIL")),
    primary: () => Promise.reject(new Error("ESERVFAIL")),
    addresses: (host) =>
      addresses[host] === undefined
        ? Promise.reject(new Error("ENOTFOUND"))
        : Promise.resolve([addresses[host]]),
    ask: (address, name, type) => {
      const answer = answers[`${address} ${name} ${type}`] ?? answers[address];
      return answer === undefined
        ? Promise.reject(new Error(`${address} does not respond`))
        : Promise.resolve({ ...question(1, name, type), isResponse: true, ...answer });
    },
    ...own,
  };
  return { queries, servers: [] };
}

const refers = (name: string, servers: readonly string[]) => ({ authority: ns(name, servers) });
const hasZone = (name: string, primary: string) => ({
  isAuthoritative: true,
  authority: [soa(name, primary)],
});

describe("a zone's delegation", () => {
  it("agrees where the parent names the DNS provider's servers", async () => {
    const dns = internet({
      [com]: refers("example.com", ours),
      [cloudflare]: hasZone("example.com", ours[0] ?? ""),
    });
    assert.deepEqual(await compareDelegation(challenge, zone, dns), { result: "agrees" });
  });

  it("differs publicly where the parent names other servers", async () => {
    const dns = internet({
      [com]: refers("example.com", theirs),
      [registrar]: hasZone("example.com", "ns1.registrar.test"),
    });
    assert.deepEqual(await compareDelegation(challenge, zone, dns), {
      result: "differs",
      isPublic: true,
      difference:
        "DNS delegates example.com to ns1.registrar.test, but the zone is served by ada.ns.cloudflare.com, bob.ns.cloudflare.com",
    });
  });

  it("differs publicly where a name in the zone is delegated elsewhere", async () => {
    const dns = internet({
      [com]: refers("example.com", ours),
      [cloudflare]: refers("provider.example.com", theirs),
      [registrar]: hasZone("provider.example.com", "ns1.registrar.test"),
    });
    const comparison = await compareDelegation(challenge, zone, dns);
    assert(comparison.result === "differs" && comparison.isPublic);
    assert.match(comparison.difference, /separate zone provider\.example\.com/);
  });

  it("differs publicly where the parent has no such zone", async () => {
    const dns = internet({ [com]: hasZone("com", "a.nic.com") });
    const comparison = await compareDelegation(challenge, zone, dns);
    assert(comparison.result === "differs" && comparison.isPublic);
    assert.match(
      comparison.difference,
      /DNS has no zone example\.com: the name resolves in the zone com/,
    );
  });

  it("is that of the child zone where one server has both zones", async () => {
    const dns = internet({
      [com]: refers("example.com", ours),
      [cloudflare]: hasZone("akash.example.com", ours[0] ?? ""),
      [`${cloudflare} akash.example.com ${recordType.NS}`]: {
        isAuthoritative: true,
        answers: ns("akash.example.com", ours),
      },
    });
    const name = "_acme-challenge.provider.akash.example.com";
    const below = { name: "akash.example.com.", nameServers: ours };
    assert.deepEqual(await compareDelegation(name, below, dns), { result: "agrees" });
  });

  it("agrees where the servers have vanity names, or secondaries copy the zone", async () => {
    const vanity = internet({
      [com]: refers("example.com", ["ns1.example.com"]),
      [cloudflare]: hasZone("example.com", "ns1.example.com"),
    });
    assert.deepEqual(await compareDelegation(challenge, zone, vanity), { result: "agrees" });
    const secondary = internet({
      [com]: refers("example.com", theirs),
      [registrar]: hasZone("example.com", ours[1] ?? ""),
    });
    assert.deepEqual(await compareDelegation(challenge, zone, secondary), { result: "agrees" });
  });

  it("compares names in canonical form", () => {
    const shown: Delegation = {
      zone: "xn--bcher-kva.example",
      nameServers: ["ADA.ns.cloudflare.com."],
      isPublic: true,
    };
    assert.equal(differenceOf({ name: "Bücher.example", nameServers: ours }, shown), undefined);
  });

  it("is unknown, without a long wait, where neither outside servers nor this machine's DNS respond", async () => {
    const never = new Promise<never>(() => undefined);
    for (const dns of [
      internet({}),
      { ...internet({}, { nameServers: () => never, primary: () => never }), timeout: 50 },
      internet({ [com]: { code: 5 } }),
    ]) {
      assert.deepEqual(await compareDelegation(challenge, zone, dns), { result: "unknown" });
    }
  });

  it("is unknown for a CNAME, which the issuer follows", async () => {
    const dns = internet({
      [com]: refers("example.com", ours),
      [cloudflare]: {
        isAuthoritative: true,
        answers: [{ name: challenge, type: recordType.CNAME, data: "elsewhere.test" }],
      },
    });
    assert.equal(await findDelegation(challenge, dns), undefined);
  });

  it("does not differ publicly where only this machine's DNS shows a difference", async () => {
    const dns = internet(
      {},
      {
        primary: (name) => Promise.resolve(name === "example.com" ? "dns.corp.test" : undefined),
        nameServers: (name) =>
          name === "example.com" ? Promise.resolve(["dns.corp.test"]) : Promise.reject(new Error()),
      },
    );
    const comparison = await compareDelegation(challenge, zone, dns);
    assert(comparison.result === "differs" && !comparison.isPublic);
  });

  it("is not taken from the parent zone where the query for the zone itself failed", async () => {
    const dns = internet(
      {},
      {
        primary: (name) =>
          name === "com" ? Promise.resolve("a.nic.com") : Promise.reject(new Error("ETIMEOUT")),
      },
    );
    assert.equal(await findDelegation(challenge, dns), undefined);
  });

  it("comes from the configured servers, over the network", async () => {
    const clouds = await Clouds.seeded();
    try {
      const servers = [clouds.running.dnsServer];
      const name = `_acme-challenge.provider.${DOMAIN}`;
      const shown = await findDelegation(name, { servers });
      assert.equal(shown?.zone, DOMAIN);
      assert(shown.nameServers.includes("ada.ns.cloudflare.com"));
      await clouds.control("google", "POST", "seed", {
        delegations: [{ name: DOMAIN, nameServers: [] }],
      });
      assert.equal((await findDelegation(name, { servers }))?.zone, "test");
    } finally {
      await clouds.close();
    }
  });
});
