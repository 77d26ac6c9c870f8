import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ClusterUnreachable } from "../../../lib/clusterFailure.ts";
import { UserError } from "../../../lib/errors.ts";
import { makeSentence, withSentence } from "../../../startup/failures.ts";

describe("an error of the program", () => {
  /** The message that Pulumi prints; undefined where it prints a stack trace. */
  function shown(error: Error): string | undefined {
    makeSentence(error);
    return pulumi.RunError.isInstance(error) ? error.message : undefined;
  }

  const throughInputs =
    'error serializing property "data": error serializing property "key.json": ';

  it("is printed as its message, without the path of inputs", () => {
    for (const error of [
      new pulumi.RunError(`${throughInputs}There is no zone`),
      new UserError(`${throughInputs}There is no zone`),
      new ClusterUnreachable("There is no zone"),
    ]) {
      assert.equal(shown(error), "There is no zone");
    }
  });

  it("is printed with the file and the reason for an unreadable file", () => {
    let thrown: unknown;
    try {
      readFileSync("/no/such/file");
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof Error);
    assert.equal(
      shown(thrown),
      "ENOENT: no such file or directory, open '/no/such/file'. Nothing more was done; fix that, and run the same command again",
    );
  });

  describe("that is unexpected", () => {
    const { DEBUG } = process.env;
    const defect =
      "This is a defect of the program. To see where it happened, run the same command with DEBUG=1 in front.";

    afterEach(() => {
      delete process.env.DEBUG;
      Object.assign(process.env, DEBUG !== undefined && { DEBUG });
    });

    it("is called a defect, and prints its stack only with DEBUG", () => {
      delete process.env.DEBUG;
      assert.equal(
        shown(new TypeError(`${throughInputs}x is not a function`)),
        `TypeError: x is not a function\n${defect}`,
      );
      process.env.DEBUG = "1";
      assert.match(
        shown(new TypeError("x is not a function")) ?? "",
        /is a defect of the program\. TypeError: x is not a function\n\s+at .*failures\.test\.ts/,
      );
    });

    it("may have a read-only message, such as that of an AbortSignal's timeout", () => {
      delete process.env.DEBUG;
      assert.equal(
        shown(new DOMException("The operation was aborted", "TimeoutError")),
        `TimeoutError: The operation was aborted\n${defect}`,
      );
    });

    it("includes the messages of its causes, as for a failed fetch", () => {
      delete process.env.DEBUG;
      const both = new AggregateError([new Error("refused at ::1"), new Error("refused at 127.1")]);
      assert.equal(
        shown(new TypeError("fetch failed", { cause: both })),
        `TypeError: fetch failed: refused at ::1: refused at 127.1\n${defect}`,
      );
    });

    it("is an Error for a value that is not an Error, or cannot be changed", () => {
      delete process.env.DEBUG;
      for (const [thrown, said] of [
        [undefined, "Error: undefined"],
        ["a text", "Error: a text"],
        [Object.freeze(new TypeError("x is not a function")), "TypeError: x is not a function"],
      ] as const) {
        assert.equal(shown(withSentence(thrown)), `${said}\n${defect}`);
      }
    });
  });

  it("stays unchanged where Pulumi handles it", () => {
    assert.equal(shown(new pulumi.ResourceError("no such zone", undefined)), undefined);
    assert.equal(shown(new SyntaxError("Unexpected token")), undefined);
    makeSentence("no error at all");
  });
});
