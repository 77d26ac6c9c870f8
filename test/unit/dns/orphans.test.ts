import assert from "node:assert/strict";
import { removeOrphans, type CredentialInventory } from "../../../dns/orphans.ts";

describe("credentials that an interrupted run left behind", () => {
  function inventory(...ids: string[]): CredentialInventory & { readonly ids: string[] } {
    return {
      ids,
      list: () => Promise.resolve([...ids]),
      remove: (id) => {
        ids.splice(ids.indexOf(id), 1);
        return Promise.resolve();
      },
      removeCommand: (id) => `remove ${id}`,
    };
  }

  it("are removed, and those that are known are not", async () => {
    const made = inventory("old", "orphan", "new");
    assert.deepEqual(await removeOrphans(made, ["old", "new"]), ["old", "new"]);
    assert.deepEqual(made.ids, ["old", "new"]);
  });

  it("are left where nobody can tell which are in use", async () => {
    const made = inventory("old", "new");
    assert.deepEqual(await removeOrphans(made, undefined), ["old", "new"]);
    assert.deepEqual(made.ids, ["old", "new"]);
  });

  it("are left without a failure where they may not be listed", async () => {
    const made = { ...inventory("old"), list: () => Promise.reject(new Error("forbidden")) };
    assert.deepEqual(await removeOrphans(made, ["old"]), []);
  });
});
