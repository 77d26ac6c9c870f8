import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import program from "../../index.ts";
import { runProgram } from "../support/mocks.ts";
import { requiredSettings, walletKey, walletPassword } from "../support/settings.ts";

/**
 * Compares every resource of each stack, with its inputs, to the last accepted ones. `npm run golden` writes them
 * again; a change in them is what an operator's next `pulumi up` would do.
 */
const stacks = [
  ...["local", "local-cloudflare", "local-cloudflare-wildcard", "local-gcp", "local-gcp-wildcard"],
  ...["prod", "staging"],
];
const project = "akash-provider-letsencrypt";

/**
 * The stack's own settings, completed with the settings that every operator has to set; the credentials are for
 * tests.
 */
function stackSettings(stack: string): Record<string, string> {
  const { config } = parse(readFileSync(`stacks/Pulumi.${stack}.yaml`, "utf8")) as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  const own = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return {
    ...requiredSettings,
    ...(Object.fromEntries(own) as Record<string, string>),
    // The sandbox puts its chart elsewhere at its start.
    ...(stack.startsWith("local") && { chart: "./sandbox/chart/provider" }),
    walletKey,
    walletPassword,
  };
}

async function dump(stack: string): Promise<string> {
  const settings = stackSettings(stack);
  const keys = Object.entries(settings).map(([name, value]) => [`${project}:${name}`, value]);
  pulumi.runtime.setAllConfig(Object.fromEntries(keys) as Record<string, string>, [
    `${project}:walletKey`,
    `${project}:walletPassword`,
  ]);
  const run = await runProgram(stack, program);
  return stringify(run, hideSecrets, { lineWidth: 0 });
}

function hideSecrets(_key: unknown, value: unknown): unknown {
  return typeof value === "object" && value !== null && "secret" in value ? "[secret]" : value;
}

describe("golden resources", function () {
  // The SDKs of Google Cloud and Cloudflare take seconds to load.
  this.timeout(30_000);

  for (const stack of stacks) {
    const file = `test/golden/${stack}.yaml`;
    it(`of stack ${stack} are those in ${file}`, async () => {
      const actual = await dump(stack);
      if (process.env.UPDATE_GOLDEN === "1") {
        writeFileSync(file, actual);
      }
      assert(existsSync(file), `${file} is missing; npm run golden writes it`);
      assert.equal(actual, readFileSync(file, "utf8"), "npm run golden takes the change over");
      assert.doesNotMatch(actual, /SENTINEL/);
    });
  }
});
