import assert from "node:assert/strict";
import { NotYetError, ProofError, proofRecord, waitOut } from "../../../dns/proof.ts";

const target = { domain: "akash.example.com", host: "provider.akash.example.com", timeout: 0 };

describe("proof", () => {
  it("writes under _akash-proof of the domain", () => {
    assert.equal(proofRecord(target, "example.com."), "_akash-proof.akash.example.com");
    assert.equal(proofRecord(target, "akash.example.com"), "_akash-proof.akash.example.com");
  });

  it("writes under the host where the zone holds no more", () => {
    assert.equal(
      proofRecord(target, "provider.akash.example.com."),
      "_akash-proof.provider.akash.example.com",
    );
  });

  it("tries again while something may still arrive", async () => {
    let attempts = 0;
    await waitOut(10, () => {
      attempts += 1;
      return attempts < 2 ? Promise.reject(new NotYetError("no")) : Promise.resolve();
    });
    assert.equal(attempts, 2);
  });

  it("gives up after its time with the last sentence", async () => {
    await assert.rejects(
      waitOut(0, () => Promise.reject(new NotYetError("The role is missing"))),
      (error: unknown) =>
        error instanceof ProofError && error.message.startsWith("The role is missing (still so"),
    );
  });

  it("does not try again what will not mend itself", async () => {
    let attempts = 0;
    await assert.rejects(
      waitOut(10, () => {
        attempts += 1;
        return Promise.reject(new ProofError("wrong zone"));
      }),
    );
    assert.equal(attempts, 1);
  });
});
