import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChallengeServer } from "./challengeServer.ts";
import { ZONE_ID } from "./cloudflareSupport.ts";
import { Clouds, zonePath } from "./support.ts";

const HOST = "_acme-challenge.provider.acme.test";
const FQDN = `${HOST}.`;
const RECORDS = `/zones/${ZONE_ID}/dns_records`;

describe("the challenge server", () => {
  let challenges: ChallengeServer;
  let clouds: Clouds;
  const lines: string[] = [];

  beforeEach(async () => {
    challenges = await ChallengeServer.start();
    clouds = await Clouds.seeded({
      challtestsrv: challenges.url,
      log: (line) => lines.push(line),
    });
  });

  afterEach(async () => {
    await clouds.close();
    await challenges.close();
  });

  it("gets the TXT records of Google, every value of a set", async () => {
    await googleChange({ additions: [googleSet('"one"', "two")] });
    assert.deepEqual(challenges.texts(FQDN), ["one", "two"]);
    await googleChange({
      deletions: [googleSet("one", "two")],
      additions: [googleSet("two", '"thr" "ee"')],
    });
    assert.deepEqual(challenges.texts(FQDN), ["two", "three"]);
    await googleChange({ deletions: [googleSet("two", '"thr" "ee"')] });
    assert.deepEqual(challenges.texts(FQDN), []);
  });

  it("gets the TXT records of Cloudflare, and their changes", async () => {
    const { body: one } = await cloudflareRecord("one");
    await cloudflareRecord('"two"');
    assert.deepEqual(challenges.texts(FQDN), ["one", "two"]);
    await clouds.cloudflare("PATCH", `${RECORDS}/${one.result.id}`, { content: "three" });
    assert.deepEqual(challenges.texts(FQDN), ["three", "two"]);
    await clouds.cloudflare("DELETE", `${RECORDS}/${one.result.id}`);
    assert.deepEqual(challenges.texts(FQDN), ["two"]);
  });

  it("keeps one DNS provider's records when those of the other are deleted", async () => {
    await googleChange({ additions: [googleSet("google")] });
    const { body } = await cloudflareRecord("cloudflare");
    assert.deepEqual(challenges.texts(FQDN), ["google", "cloudflare"]);
    await clouds.cloudflare("DELETE", `${RECORDS}/${body.result.id}`);
    assert.deepEqual(challenges.texts(FQDN), ["google"]);
  });

  it("gets all records that are created at the same time", async () => {
    await Promise.all(["a", "b", "c", "d"].map((value) => cloudflareRecord(value)));
    assert.deepEqual(challenges.texts(FQDN).sort(), ["a", "b", "c", "d"]);
  });

  it("gets no record of a refused change", async () => {
    await googleChange({ additions: [googleSet("one")] });
    await googleChange({ additions: [googleSet("two")] });
    assert.deepEqual(challenges.texts(FQDN), ["one"]);
  });

  it("gets the records of the state file when the emulators start", async () => {
    const folder = mkdtempSync(join(tmpdir(), "emulators-"));
    const options = { stateFile: join(folder, "state.json"), challtestsrv: challenges.url };
    const first = await Clouds.seeded(options);
    await first.google("POST", `${zonePath()}/changes`, { additions: [googleSet("google")] });
    await first.cloudflare("POST", RECORDS, { type: "TXT", name: HOST, content: "cloudflare" });
    await first.close();
    await challenges.close();
    challenges = await ChallengeServer.start();
    const second = await Clouds.start({ ...options, challtestsrv: challenges.url });
    assert.deepEqual(challenges.texts(FQDN), ["google", "cloudflare"]);
    await second.close();
    rmSync(folder, { recursive: true });
  });

  it("may be unreachable: the API still responds, and the log reports the failure", async () => {
    await challenges.close();
    assert.equal((await cloudflareRecord("one")).status, 200);
    assert.match(lines.join("\n"), /^mirror: _acme-challenge\.\S+ was not published/m);
    challenges = await ChallengeServer.start();
  });

  function googleChange(change: object) {
    return clouds.google("POST", `${zonePath()}/changes`, change);
  }

  function googleSet(...rrdatas: readonly string[]): object {
    return { name: FQDN, type: "TXT", ttl: 60, rrdatas };
  }

  function cloudflareRecord(content: string) {
    return clouds.cloudflare("POST", RECORDS, { type: "TXT", name: HOST, content, ttl: 120 });
  }
});
