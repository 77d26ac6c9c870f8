import assert from "node:assert/strict";
import { refusalOf } from "../../../components/dnsCredential/googleCloud/obstacles.ts";
import { resourceTypes } from "../../../components/names.ts";
import { stepNeeds } from "../../../dns/googleCloud/permissions.ts";

describe("a refusal of Google", () => {
  const forbidden = "googleapi: Error 403: Forbidden, forbidden";
  const of = (type: string, words: string, failedOperation = "create") =>
    refusalOf({ type, errors: [words], failedOperation });

  for (const [type, step] of [
    [resourceTypes.serviceAccount, "account"],
    [resourceTypes.zoneGrant, "zoneGrant"],
    [resourceTypes.projectGrant, "projectGrant"],
    [resourceTypes.serviceAccountKey, "key"],
  ] as const) {
    it(`is about the permissions of the ${step}`, () => {
      const { permissions: missing } = stepNeeds[step];
      assert.deepEqual(of(type, `creating it: ${forbidden}`), {
        ...{ kind: "permissions", step, missing, isForeseen: false },
      });
    });
  }

  it("is about the account's deletion, which requires another permission", () => {
    const refusal = of(resourceTypes.serviceAccount, forbidden, "delete");
    assert.deepEqual(refusal?.kind === "permissions" && refusal.missing, [
      "iam.serviceAccounts.delete",
    ]);
  });

  it("is about a role that does not exist", () => {
    for (const words of [
      "Role projects/p/roles/nowhere is not supported for this resource., badRequest",
      "Role (projects/p/roles/nowhere) does not exist in the resource's hierarchy., badRequest",
    ]) {
      assert.deepEqual(of(resourceTypes.zoneGrant, `googleapi: Error 400: ${words}`), {
        ...{ kind: "role", role: "projects/p/roles/nowhere", isThere: false, missing: [] },
      });
    }
  });

  it("has the reason in its text, where the text contains it", () => {
    const words =
      "googleapi: Error 403: Cloud DNS API has not been used. Enable it by visiting https://console.developers.google.com/apis/api/dns.googleapis.com/overview?project=12";
    assert.equal(of(resourceTypes.zoneGrant, words)?.kind, "service disabled");
  });

  it("is unknown for other failures and other resources", () => {
    assert.equal(of(resourceTypes.zoneGrant, "googleapi: Error 500: Internal error"), undefined);
    assert.equal(of(resourceTypes.zoneGrant, "took 403 seconds"), undefined);
    assert.equal(of(resourceTypes.secret, forbidden), undefined);
  });
});
