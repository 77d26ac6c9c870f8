import assert from "node:assert/strict";
import {
  NotYetError,
  ProofError,
  proofRecord,
  retryUntilTimeout,
  writeReadDelete,
  type ProofRecords,
} from "../../../dns/proof.ts";

const target = { domain: "akash.example.com", host: "provider.akash.example.com", timeout: 0 };

describe("proof", () => {
  it("writes under _akash-proof of the domain", () => {
    assert.equal(proofRecord(target, "example.com."), "_akash-proof.akash.example.com");
    assert.equal(proofRecord(target, "akash.example.com"), "_akash-proof.akash.example.com");
  });

  it("writes under the host where the zone does not contain the domain", () => {
    assert.equal(
      proofRecord(target, "provider.akash.example.com."),
      "_akash-proof.provider.akash.example.com",
    );
  });

  const kept: ProofRecords<string> = {
    name: "_akash-proof.example.com",
    find: () => Promise.resolve(["left behind"]),
    write: () => Promise.resolve(),
    holds: (found, content) => found === content,
    remove: () => Promise.resolve(),
  };

  it("reads back and deletes its record", async () => {
    let records: readonly string[] = ["left behind"];
    await writeReadDelete({
      ...kept,
      find: () => Promise.resolve(records),
      write: (content, leftover) => {
        records = [...records.filter((record) => !leftover.includes(record)), content];
        return Promise.resolve();
      },
      remove: (found) => {
        records = records.filter((record) => !found.includes(record));
        return Promise.resolve();
      },
    });
    assert.deepEqual(records, []);
  });

  it("fails temporarily where its record cannot be read back", async () => {
    await assert.rejects(
      writeReadDelete(kept),
      (error: unknown) =>
        error instanceof NotYetError &&
        error.message.endsWith("example.com was written, but cannot be read back"),
    );
  });

  for (const [header, wait] of [
    ["3", 3_000],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    [undefined, undefined],
  ] as const) {
    it(`waits ${wait ?? "no longer"} where the DNS provider asks for ${header ?? "nothing"}`, () => {
      const headers = new Headers(header === undefined ? {} : { "retry-after": header });
      assert.equal(new NotYetError("no", headers).retryAfter, wait);
    });
  }

  it("retries after a temporary failure", async () => {
    let attempts = 0;
    await retryUntilTimeout(10, () => {
      attempts += 1;
      return attempts < 2 ? Promise.reject(new NotYetError("no")) : Promise.resolve();
    });
    assert.equal(attempts, 2);
  });

  it("fails after its timeout with the last message", async () => {
    await assert.rejects(
      retryUntilTimeout(0, () => Promise.reject(new NotYetError("The role is missing"))),
      (error: unknown) =>
        error instanceof ProofError && error.message.startsWith("The role is missing (retried for"),
    );
  });

  it("does not retry after a permanent failure", async () => {
    let attempts = 0;
    await assert.rejects(
      retryUntilTimeout(10, () => {
        attempts += 1;
        return Promise.reject(new ProofError("wrong zone"));
      }),
    );
    assert.equal(attempts, 1);
  });
});
