import assert from "node:assert/strict";
import { removeOrphans, type CredentialInventory } from "../../../dns/orphans.ts";

describe("orphan credentials of an interrupted run", () => {
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

  it("are deleted, but not the known credentials", async () => {
    const made = inventory("old", "orphan", "new");
    assert.deepEqual(await removeOrphans(made, ["old", "new"]), ["old", "new"]);
    assert.deepEqual(made.ids, ["old", "new"]);
  });

  it("are kept where the credentials in use are unknown", async () => {
    const made = inventory("old", "new");
    assert.deepEqual(await removeOrphans(made, undefined), ["old", "new"]);
    assert.deepEqual(made.ids, ["old", "new"]);
  });

  it("are kept without an error where they may not be listed", async () => {
    const made = { ...inventory("old"), list: () => Promise.reject(new Error("forbidden")) };
    assert.deepEqual(await removeOrphans(made, ["old"]), []);
  });
});
