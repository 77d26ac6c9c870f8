import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { minimumPulumi, refuseOldPulumi } from "../../../startup/pulumiCli.ts";

describe("an old Pulumi CLI", () => {
  it("is refused where it does not support the request", async () => {
    // The SDK's message (@pulumi/pulumi, runtime/settings.js).
    const words =
      "The installed version of the CLI does not support the `RequirePulumiVersion` RPC.";
    await assert.rejects(
      refuseOldPulumi(() => Promise.reject(new Error(words))),
      {
        name: UserError.name,
        message:
          `The Pulumi CLI is too old for this program, which needs 3.238.0 or later (${words}). ` +
          "Get a newer one: curl -fsSL https://get.pulumi.com | sh",
      },
    );
  });

  it("is refused with its version where it supports the request", async () => {
    const details = 'Pulumi CLI version 3.230.0 does not satisfy the version range ">=3.238.0"';
    const error = Object.assign(new Error(`2 UNKNOWN: ${details}`), { details });
    await assert.rejects(
      refuseOldPulumi(() => Promise.reject(error)),
      ({ message }: Error) => message.includes(`(${details})`),
    );
  });

  it("is accepted where the engine accepts the version", async () => {
    const asked: string[] = [];
    await refuseOldPulumi((range) => {
      asked.push(range);
      return Promise.resolve();
    });
    assert.deepEqual(asked, [">=3.238.0"]);
  });

  it("has the same minimum version in Pulumi.yaml", () => {
    const { requiredPulumiVersion } = parse(readFileSync("Pulumi.yaml", "utf8")) as {
      readonly requiredPulumiVersion: string;
    };
    assert.equal(requiredPulumiVersion, `>=${minimumPulumi}`);
  });
});
