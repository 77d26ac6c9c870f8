import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { answered, explained } from "../../../dns/calls.ts";

describe("a call to a cloud", () => {
  const refusal = new Error("refused");
  const refused = () => Promise.reject(refusal);

  it("answers what the cloud does", async () => {
    assert.equal(
      await explained(
        () => refusal,
        () => Promise.resolve(1),
      ),
      1,
    );
  });

  it("fails with what its error is explained as", async () => {
    const other = new Error("why");
    await assert.rejects(
      explained((error) => (error === refusal ? other : error), refused),
      other,
    );
  });

  it("says what was not possible, and what the cloud answered instead", async () => {
    await assert.rejects(
      answered("It could not be done", () => "The cloud answers 403", refused),
      (error: unknown) =>
        error instanceof RunError &&
        error.message === "It could not be done: The cloud answers 403",
    );
  });

  it("fails as it is where its error says nothing of the cloud", async () => {
    await assert.rejects(
      answered("It could not be done", () => undefined, refused),
      refusal,
    );
  });
});
