import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

describe("the configuration that Pulumi passes a program in its environment", () => {
  it("is for the program, and for none of its child processes", async () => {
    const script = `
      import "./startup/environment.ts";
      import { execFileSync } from "node:child_process";
      import * as pulumi from "@pulumi/pulumi";
      const config = new pulumi.Config("x");
      console.log(JSON.stringify({
        password: config.get("password"),
        isSecret: pulumi.runtime.isConfigSecret("x:password"),
        isPlain: !pulumi.runtime.isConfigSecret("x:domain"),
        child: execFileSync("env", { encoding: "utf8" }),
      }));
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", script],
      {
        env: {
          ...process.env,
          PULUMI_CONFIG: JSON.stringify({ "x:password": "in clear", "x:domain": "example.com" }),
          PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(["x:password"]),
        },
      },
    );
    const { child, ...seen } = JSON.parse(stdout) as { readonly child: string };
    assert.deepEqual(seen, { password: "in clear", isSecret: true, isPlain: true });
    assert.match(child, /^PATH=/m);
    assert.doesNotMatch(child, /PULUMI_CONFIG|in clear/);
  }).timeout(30_000);
});
