import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  challengePermissions,
  operatorPermissions,
  stepNeeds,
} from "../../dns/googleCloud/permissions.ts";

describe("docs/security.md", () => {
  const page = readFileSync("docs/security.md", "utf8");

  it("creates custom roles with the permissions that the program checks", () => {
    const roles = [...page.matchAll(/gcloud iam roles create (\w+) .*--permissions=(\S+)/g)].map(
      ([, id, permissions = ""]) => [id, permissions.split(",")] as const,
    );
    assert.deepEqual(Object.fromEntries(roles), {
      [stepNeeds.zoneGrant.customRole?.id ?? ""]: stepNeeds.zoneGrant.permissions,
      akashProviderOperator: operatorPermissions,
      akashDnsChallenge: challengePermissions,
    });
  });

  it("names the predefined roles of every step", () => {
    const challenges = readFileSync("docs/challenges.md", "utf8");
    for (const { role } of Object.values(stepNeeds)) {
      assert(challenges.includes(role), role);
    }
  });

  it("has placeholders only in quotes, which a shell does not interpret", () => {
    const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block ?? "");
    assert(blocks.length > 5);
    for (const block of blocks) {
      assert.doesNotMatch(block, /<[a-z]/i);
    }
  });
});
