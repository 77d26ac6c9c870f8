import assert from "node:assert/strict";
import type { Check } from "../../../doctor/check.ts";
import { checks } from "../../../doctor/checks/index.ts";
import { releaseStatus } from "../../../doctor/checks/releaseStatus.ts";
import { settings } from "../../../doctor/checks/settings.ts";
import { cloudflareDns01 } from "../../support/manifest.ts";
import { context, findings, wildcard, type Changes } from "./context.ts";

/** Every command of a finding on a stack with this context. */
async function commands(kubeContext: string | undefined): Promise<readonly string[]> {
  const expected = { kubeContext };
  const own = [{ expected }, { expected, challenge: cloudflareDns01 }].flatMap((changes) =>
    checks.flatMap(({ problems, applies }) => {
      const { expected: plain } = context(changes);
      const stack = (applies?.(plain) ?? true) ? plain : { ...plain, wildcard };
      return problems.map(({ command }) => command(stack));
    }),
  );
  const { live } = context().cluster;
  const withOwnCommand: readonly (readonly [Check, Changes])[] = [
    [releaseStatus, { expected, later: [{ status: "pending-upgrade" }] }],
    [releaseStatus, { expected, revision: { status: "pending-install" } }],
    [
      settings,
      {
        expected,
        cluster: {
          live: async (object) => ({
            ...(await live(object)),
            ...(object.kind === "ConfigMap" && { data: { AP_CERT_ISSUER_EMAIL: "other" } }),
          }),
        },
      },
    ],
  ];
  const found = await Promise.all(
    withOwnCommand.map(([check, changes]) => findings(check, changes)),
  );
  assert(found.every(({ length }) => length > 0));
  return [...own, ...found.flat().map(({ command }) => command ?? "")];
}

/** The calls of kubectl and Helm in a command that reach a cluster. */
function clusterCalls(command: string): string[] {
  return command
    .split(/ (?:&&|\|) /)
    .filter((call) => /^(kubectl|helm) /.test(call) && !call.includes(" --local "));
}

describe("doctor, its commands", () => {
  it("use the stack's cluster, whatever the current context", async () => {
    const calls = (await commands("my cluster")).flatMap(clusterCalls);
    assert(calls.length > 40, String(calls.length));
    for (const call of calls) {
      assert.match(call, /^(kubectl --context|helm --kube-context) 'my cluster' /);
    }
  });

  it("name no context if the stack names none", async () => {
    assert.doesNotMatch((await commands(undefined)).join("\n"), /-context|undefined/);
  });
});
