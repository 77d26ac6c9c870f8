import assert from "node:assert/strict";
import {
  decodeRecord,
  encodeRecord,
  isPending,
  markedAt,
  recordData,
  recordSelector,
  type HelmRecord,
} from "../../../lib/helmRecord.ts";

describe("Helm's record of a revision", () => {
  const record: HelmRecord = {
    name: "akash-provider",
    version: 3,
    info: { status: "deployed", first_deployed: "2026-11-20T12:00:00Z" },
    chart: {
      metadata: { name: "provider", version: "19.0.2", appVersion: "0.10" },
      templates: [{ name: "templates/service.yaml", data: "AAAA" }],
    },
    config: { from: "akash1", attributes: [{ key: "a", value: null }] },
    manifest: "---\n",
    hooks: [],
  };

  it("is decoded as it was stored, including unused fields", () => {
    assert.deepEqual(decodeRecord({ data: encodeRecord(record) }), record);
  });

  it("has no manifest where the chart rendered nothing", () => {
    const { manifest, ...empty } = record;
    assert.equal(decodeRecord({ data: recordData(JSON.stringify(empty)) }).manifest, "");
  });

  it("is refused where the data is not a record", () => {
    for (const data of [{}, { release: "AAAA" }, recordData("{"), recordData("{}")]) {
      assert.throws(() => decodeRecord({ data }));
    }
  });

  it("is refused with a name, a status or a version that Helm does not write", () => {
    for (const changes of [
      { name: "x$(touch y)" },
      { name: "x".repeat(54) },
      { version: 1.5 },
      { info: { status: "deployed\n" } },
      { chart: { metadata: { name: "provider", version: "19; rm" } } },
      { chart: { metadata: { name: "pro vider", version: "19.0.2" } } },
    ]) {
      assert.throws(() => decodeRecord({ data: encodeRecord({ ...record, ...changes }) }));
    }
  });

  it("is found by its labels", () => {
    assert.equal(recordSelector(), "owner=helm");
    assert.equal(recordSelector({ name: "akash-provider" }), "owner=helm, name=akash-provider");
    assert.equal(
      recordSelector({ version: 3, status: ["failed", "deployed"] }),
      "owner=helm, version=3, status in (failed, deployed)",
    );
  });

  it("shows whether an operation may be in progress", () => {
    assert.deepEqual(
      ["pending-install", "pending-upgrade", "deployed", "failed", undefined].map(isPending),
      [true, true, false, false, false],
    );
  });

  it("got its status at the time in its last label", () => {
    assert.equal(markedAt({ createdAt: "100", modifiedAt: "200" }), 200);
    assert.equal(markedAt({ createdAt: "100" }), 100);
    assert.equal(markedAt(), undefined);
  });
});
