import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { operatorTokens } from "../../sandbox/cluster/clouds.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const name = "mistakes";

const dns = {
  cloudflare: { provider: "cloudflare", zone: "example.test" },
  googleCloud: { provider: "googleCloud", project: "sandbox-project" },
} as const;

/** An operator's mistake, and the preview's message about it. */
interface Mistake {
  readonly what: string;
  readonly dns: object;
  /** Variables that replace the sandbox's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Calls that the emulator refuses with 403. */
  readonly refused?: { readonly cloud: "google" | "cloudflare"; readonly match: string };
  readonly said: RegExp;
  /** The command that fixes it, if there is one. */
  readonly command?: string;
}

const setToken = `pulumi config set -s ${name} --secret cloudflare:apiToken`;

const mistakes: readonly Mistake[] = [
  {
    what: "no Cloudflare credential at all",
    dns: dns.cloudflare,
    environment: { CLOUDFLARE_API_TOKEN: undefined },
    said: /zone example\.test could not be looked up: Pulumi has no credential for Cloudflare/,
    command: setToken,
  },
  {
    what: "an unknown Cloudflare token",
    dns: dns.cloudflare,
    environment: { CLOUDFLARE_API_TOKEN: "x".repeat(40) },
    said: /does not know Pulumi's token/,
    command: setToken,
  },
  {
    what: "an unknown global API key",
    dns: dns.cloudflare,
    environment: {
      CLOUDFLARE_API_TOKEN: undefined,
      CLOUDFLARE_API_KEY: "c".repeat(37),
      CLOUDFLARE_EMAIL: "operator@example.test",
    },
    said: /does not know Pulumi's global API key/,
    command: setToken,
  },
  {
    what: "a Cloudflare token without the permission to create tokens",
    dns: dns.cloudflare,
    refused: { cloud: "cloudflare", match: "permission_groups" },
    said: /permission groups could not be looked up: Pulumi's token lacks a permission/,
    command: setToken,
  },
  {
    what: "a missing zone at Cloudflare",
    dns: { ...dns.cloudflare, zone: "provider.example.test" },
    said: /can read no zone of this name/,
    command: `pulumi config set -s ${name} --path dns.zone example.test`,
  },
  {
    what: "an unknown zone id at Cloudflare",
    dns: { ...dns.cloudflare, zoneId: "0a".repeat(16) },
    said: /can read no zone with this id/,
    command: `pulumi config rm -s ${name} --path dns.zoneId`,
  },
  {
    what: "a Cloudflare API that does not respond",
    dns: dns.cloudflare,
    environment: { CLOUDFLARE_BASE_URL: "http://127.0.0.1:2/client/v4" },
    said: /could not be looked up: there is no response \(dial tcp 127\.0\.0\.1:2: connect: connection refused\)/,
  },
  {
    what: "no Google credentials",
    dns: dns.googleCloud,
    environment: { GOOGLE_OAUTH_ACCESS_TOKEN: undefined },
    said: /zones of project sandbox-project could not be looked up: Pulumi has no credentials for Google/,
    command: "gcloud auth application-default login",
  },
  {
    what: "an expired Google access token",
    dns: dns.googleCloud,
    environment: { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.expired" },
    said: /expires after an hour/,
    command: 'export GOOGLE_OAUTH_ACCESS_TOKEN="$(gcloud auth print-access-token)"',
  },
  {
    what: "a project without the permission",
    dns: dns.googleCloud,
    refused: { cloud: "google", match: "managedZones" },
    said: /may not list the zones/,
    command:
      'gcloud projects add-iam-policy-binding sandbox-project --role roles/dns.admin --member "user:$(gcloud config get-value account)"',
  },
];

describe("common mistakes with DNS providers", () => {
  let sandbox: Sandbox;
  let clouds: SandboxClouds;
  let workspace: Workspace;

  const settings = (more: StackSettings) => ({
    challenge: "dns-01",
    namespace: name,
    releaseName: `${name}-provider`,
    domain: "example.test",
    ...more,
  });

  /** The diagnostics at the end of a preview. */
  async function diagnostics(environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const { status, output } = await workspace
      .withEnvironment(environment)
      .pulumi("preview", "-s", name);
    assert.notEqual(status, 0, output);
    return output.slice(output.indexOf("\nDiagnostics:"));
  }

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    workspace = await Workspace.create(sandbox, name, name, settings({ dns: dns.cloudflare }));
  });

  for (const { what, dns: setting, environment, refused, said, command } of mistakes) {
    it(`${what}: reported once, as a sentence${command === undefined ? "" : " with the command"}`, async () => {
      workspace.configure(settings({ dns: setting }));
      if (refused !== undefined) {
        await clouds.inject(refused.cloud, { match: refused.match, status: 403 });
      }
      try {
        const output = await diagnostics(environment);
        assert.match(output, said);
        assert.equal(output.split("could not be looked up").length, 2, output);
        if (command !== undefined) {
          assert(output.includes(`\n          ${command}\n`), output);
        }
        assert.match(
          output,
          new RegExp(`Nothing was changed\\. After the fix, run: pulumi up -s ${name}\n`),
        );
        // Cloudflare's plugin prints a failure itself; nothing else repeats it.
        assert((output.match(/\[ERROR\]/g) ?? []).length <= 1, output);
        assert.doesNotMatch(output, /invocation of|invoking |Resource monitor|\n\s+at /);
      } finally {
        await clouds.clearFaults();
      }
    });
  }

  /** Pastes the command from a refused preview, with the reader's values; the next preview is not refused. */
  async function assertFixed(
    environment: NodeJS.ProcessEnv,
    command: RegExp,
    stdin = "",
  ): Promise<void> {
    const [shown] = command.exec(await diagnostics(environment)) ?? [];
    assert(shown !== undefined, `no ${command}`);
    const at = workspace.withEnvironment(environment);
    const { status, output } = await at.shell(
      `${stdin === "" ? "" : `printf %s '${stdin}' | `}${shown}`,
    );
    assert.equal(status, 0, `${shown}\n${output}`);
    await at.succeed("preview", "-s", name);
  }

  it("no credential: fixed by the printed commands", async () => {
    workspace.configure(settings({ dns: dns.cloudflare }));
    const nobody = { CLOUDFLARE_API_TOKEN: undefined, GOOGLE_OAUTH_ACCESS_TOKEN: undefined };
    const token = sandbox.environment.CLOUDFLARE_API_TOKEN;
    await assertFixed(nobody, /pulumi config set -s \S+ --secret cloudflare:apiToken/, token);

    // A token without the permission to create tokens.
    workspace.configure(settings({ dns: dns.cloudflare }));
    const { value: CLOUDFLARE_API_TOKEN } = await clouds.cloudflareToken("little", ["Zone Read"]);
    const little = { CLOUDFLARE_API_TOKEN };
    await assertFixed(little, /pulumi config set -s \S+ --secret cloudflare:apiToken/, token);

    workspace.configure(settings({ dns: dns.googleCloud }));
    const operator = await clouds.projectOwner("mistakes-operator");
    writeFileSync(join(workspace.directory, "key.json"), await clouds.keyFile(operator));
    await assertFixed(nobody, /pulumi config set -s \S+ --secret gcp:credentials < key\.json/);
    await clouds.deleteAccount(operator);
  });

  itExhaustive(
    "a missing address of a global key, and a token that cannot be sent: fixed likewise",
    async () => {
      workspace.configure(settings({ dns: dns.cloudflare }));
      const nobody = { CLOUDFLARE_API_TOKEN: undefined };
      const { cloudflareKey } = operatorTokens;
      await workspace.succeed(
        ...["config", "set", "-s", name, "--secret", "cloudflare:apiKey", cloudflareKey],
      );
      const [shown = ""] =
        /pulumi config set -s \S+ cloudflare:email 'EMAIL'/.exec(await diagnostics(nobody)) ?? [];
      const fixed = shown.replace("EMAIL", "operator@sandbox.invalid");
      assert.equal((await workspace.shell(fixed)).status, 0, shown);
      await workspace.withEnvironment(nobody).succeed("preview", "-s", name);

      workspace.configure(settings({ dns: dns.cloudflare }));
      const token = sandbox.environment.CLOUDFLARE_API_TOKEN ?? "";
      await workspace.succeed(
        ...["config", "set", "-s", name, "--secret", "cloudflare:apiToken", `${token} x`],
      );
      await assertFixed(nobody, /pulumi config set -s \S+ --secret cloudflare:apiToken/, token);
    },
  );

  it("an unknown zone id: fixed by the command that uses the zone's name", async () => {
    workspace.configure(settings({ dns: { ...dns.cloudflare, zoneId: "0a".repeat(16) } }));
    await assertFixed({}, /pulumi config rm -s \S+ --path dns\.zoneId/);
  });

  it("incomplete settings for another provider's token: each command adds a missing one", async () => {
    workspace.configure(settings({ dns: dns.googleCloud }));
    const external = ["config", "set", "-s", name, "--secret", "--path"];
    await workspace.succeed(...external, "gcp:externalCredentials.audience", "//iam.test/pool");
    const nobody = { GOOGLE_OAUTH_ACCESS_TOKEN: undefined };
    const output = await diagnostics(nobody);
    const commands = output.match(
      /pulumi config set .*'gcp:externalCredentials\.(?:\w+' 'VALUE'|identityToken' < token\.jwt)/g,
    );
    assert.equal(commands?.length, 2, output);
    writeFileSync(join(workspace.directory, "token.jwt"), "a.b.c\n");
    for (const command of commands) {
      const { status, output: said } = await workspace.shell(command);
      assert.equal(status, 0, said);
    }
    // Only Google exchanges such a token, at an address that no setting changes.
    assert.doesNotMatch(await diagnostics(nobody), /externalCredentials are missing: /);
  });

  it("invalid credentials: reported before Google's plugin uses them, without their content", async () => {
    workspace.configure(settings({ dns: dns.googleCloud }));
    const output = await diagnostics({
      GOOGLE_OAUTH_ACCESS_TOKEN: undefined,
      GOOGLE_CREDENTIALS: "nonsense",
    });
    assert.match(
      output,
      /The value of GOOGLE_CREDENTIALS is neither the path of a credentials file nor/,
    );
    // The variable overrides the login.
    assert.match(output, /\n +unset GOOGLE_CREDENTIALS && gcloud auth application-default login\n/);
    assert.doesNotMatch(output, /nonsense|unmarshaling|Resource monitor|\n\s+at /);
  });

  itExhaustive(
    "no project of Google's plugin: six lines of warning, which Pulumi.yaml disables",
    async () => {
      workspace.configure(settings({ dns: dns.googleCloud }));
      const warning = /unable to detect a global setting for GCP Project/;
      const { output } = await workspace.succeed("preview", "-s", name);
      assert.doesNotMatch(output, warning);
      workspace.edit("Pulumi.yaml", "gcp:disableGlobalProjectWarning", "gcp:skipRegionValidation");
      assert.match((await workspace.succeed("preview", "-s", name)).output, warning);
    },
  );
});
