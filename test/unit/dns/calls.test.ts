import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { answered, explained } from "../../../dns/calls.ts";

describe("a call of a DNS provider's API", () => {
  const refusal = new Error("refused");
  const refused = () => Promise.reject(refusal);

  it("returns the result", async () => {
    assert.equal(
      await explained(
        () => refusal,
        () => Promise.resolve(1),
      ),
      1,
    );
  });

  it("fails with the explained error", async () => {
    const other = new Error("why");
    await assert.rejects(
      explained((error) => (error === refusal ? other : error), refused),
      other,
    );
  });

  it("reports the failed action and the DNS provider's answer", async () => {
    await assert.rejects(
      answered("It could not be done", () => "The cloud answers 403", refused),
      (error: unknown) =>
        error instanceof RunError &&
        error.message === "It could not be done: The cloud answers 403",
    );
  });

  it("fails with its own error where that is not an answer", async () => {
    await assert.rejects(
      answered("It could not be done", () => undefined, refused),
      refusal,
    );
  });
});
