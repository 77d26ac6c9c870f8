import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { containersImpossible } from "../../sandbox/cluster/container.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { renewals, type Renewals, type RenewalScenario } from "../support/renewal.ts";
import { describeExhaustive } from "../support/exhaustive.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const hour = 3_600;

/** A challenge, and what breaks its renewal. */
interface Way {
  readonly settings: (name: string) => StackSettings;
  readonly host: (name: string) => string;
  readonly challenge: string;
  readonly spoil: (host: string) => Promise<void>;
  readonly fix: (host: string) => Promise<void>;
}

describe("a renewal that fails", () => {
  let sandbox: Sandbox;
  let clouds: SandboxClouds;

  before(async function () {
    const impossible = await containersImpossible();
    if (impossible !== undefined) {
      console.log(`    Skipped: ${impossible}`);
      this.skip();
    }
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
  });

  const tellDns = async (command: string, body: object) => {
    const url = `${sandbox.dns.managementUrl}/${command}`;
    const { ok } = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    assert(ok, command);
  };
  const ways: Readonly<Record<string, Way>> = {
    "renewal-http": {
      settings: (name) => ({ domain: `${name}.example.test` }),
      host: (name) => `provider.${name}.example.test`,
      challenge: "http-01",
      // Nothing listens there.
      spoil: (host) => tellDns("add-a", { host: `${host}.`, addresses: ["127.0.0.9"] }),
      fix: (host) => tellDns("clear-a", { host: `${host}.` }),
    },
    "renewal-dns": {
      settings: () => ({
        challenge: "dns-01",
        dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
      }),
      host: () => "provider.example.test",
      challenge: "dns-01",
      spoil: () => clouds.inject("google", { match: "POST .*/changes", status: 403, times: 100 }),
      fix: () => clouds.clearFaults(),
    },
  };

  for (const [name, way] of Object.entries(ways)) {
    const describeWay = way.challenge === "http-01" ? describe : describeExhaustive;
    describeWay(`by ${way.challenge}`, () => {
      let workspace: Workspace;
      let seen: Renewals;

      before(async () => {
        const release = `${name}-provider`;
        const place = { namespace: name, releaseName: release, timeout: "60" };
        workspace = await Workspace.create(sandbox, name, name, {
          ...place,
          ...way.settings(name),
        });
        await workspace.up();
        const host = way.host(name);
        const scenario: RenewalScenario = {
          namespace: name,
          statefulSet: release,
          host,
          spoil: () => way.spoil(host),
          fix: () => way.fix(host),
        };
        seen = await renewals(sandbox, scenario);
      });
      after(() => workspace.destroy());

      it("is retried three hours later, by a restart of the container, until it succeeds", () => {
        const outcomes = seen.starts.map(({ outcome }) =>
          "failure" in outcome ? "failed" : `${outcome.result} ${outcome.challenge}`,
        );
        assert.deepEqual(outcomes.slice(0, 3), [
          `issued ${way.challenge}`,
          "failed",
          `renewed ${way.challenge}`,
        ]);
      });

      it("ends with the new, valid certificate being served", () => {
        const [first, , ...renewed] = seen.starts.map(({ outcome }) =>
          "serial" in outcome ? outcome.serial : undefined,
        );
        const last = renewed.findLast((serial) => serial !== undefined);
        assert.equal(seen.serial, last);
        assert.notEqual(seen.serial, first);
        assert(seen.end > seen.now, `ended at ${seen.end}, and it is ${seen.now}`);
      });

      it("restarts the container at most once in three hours", () => {
        const starts = seen.starts.map(({ at }) => at);
        const pauses = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
        assert(pauses.length > 2);
        assert(
          pauses.every((pause) => pause >= 3 * hour),
          `${starts.join(", ")} seconds`,
        );
      });

      it("reports the reason in one line", () => {
        for (const { reason = "" } of seen.starts.slice(1)) {
          assert.match(
            reason,
            /^renewal-retry: the certificate for provider\.\S+ ends at [^\n]+\n$/,
          );
        }
      });
    });
  }
});
