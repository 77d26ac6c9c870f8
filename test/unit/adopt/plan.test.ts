import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  importedResources,
  importFile,
  parentsCommand,
  secretCommands,
  settingsInClear,
} from "../../../adopt/plan.ts";
import { shownCommand } from "../../../adopt/pulumi.ts";
import { translate } from "../../../adopt/file/translate.ts";
import program from "../../../index.ts";
import { runProgram } from "../../support/mocks.ts";
import { requiredSettings } from "../../support/settings.ts";
import { fixture } from "./file/fixture.ts";

const identity = { project: "akash-provider-letsencrypt", stack: "acme/prod" };
const place = { namespace: "akash-services", releaseName: "akash-provider" };

describe("the plan of an adoption", () => {
  const translation = translate(fixture("google-cloud"), {
    zone: "example-com",
  });
  const commands = secretCommands(identity, translation);

  it("passes secrets to Pulumi only by standard input, with the line break that Pulumi removes", () => {
    const lines = JSON.stringify(commands.map(({ args, shown }) => [args, shown]));
    for (const [path, secret] of Object.entries(translation.secrets)) {
      const command = commands.find(({ args }) => args.at(-1) === path);
      assert.equal(command?.args.includes("--secret"), true);
      assert.equal(command?.stdin, `${secret}\n`);
      assert(!lines.includes(JSON.stringify(secret).slice(1, -1)), `${path} is on a command line`);
    }
    assert.doesNotMatch(commands.map(shownCommand).join("\n"), /SENTINEL|PRIVATE KEY/);
  });

  it("passes nothing else of the file to a command: it would be visible in the list of processes", () => {
    assert.deepEqual(
      commands.flatMap(({ args }) => args),
      Object.keys(translation.secrets).flatMap((path) => [
        ...["config", "set", "-s", "acme/prod", "--path", "--secret", path],
      ]),
    );
    const { values, domain } = settingsInClear(translation);
    assert.deepEqual((values as { nodeSelector: unknown }).nodeSelector, {
      "example.com/disk": "true",
    });
    assert.equal(typeof domain, "string");
  });

  for (const [dnsProvider, dns] of [
    ["cloudflare", { provider: "cloudflare", zone: "example.com" }],
    ["googleCloud", { provider: "googleCloud", project: "sandbox-project" }],
  ] as const) {
    it(`imports the program's resources with ${dnsProvider}, under its names`, async function () {
      // The SDKs of the DNS providers take seconds to load.
      this.timeout(30_000);
      const domain = "example.com";
      const settings = {
        ...requiredSettings,
        domain,
        challenge: "dns-01",
        dns: JSON.stringify(dns),
      };
      const { project } = identity;
      const config = Object.entries(settings).map(([name, value]) => [`${project}:${name}`, value]);
      pulumi.runtime.setAllConfig(
        Object.fromEntries(config) as Record<string, string>,
        ["walletKey", "walletPassword"].map((name) => `${project}:${name}`),
      );
      const { resources } = await runProgram("prod", program);
      const maker = { dnsProvider, suffix: "0a1b2c3d" };
      const wanted = importedResources(place, { wallet: "w", dnsCredential: "d", maker });
      assert.equal(wanted.length, 5);
      const file = importFile(identity, wanted) as {
        readonly resources: readonly {
          readonly type: string;
          readonly name: string;
          readonly parent: string;
          readonly provider?: string;
        }[];
      };
      for (const { type, name, parent, provider } of file.resources) {
        const found = resources.find((one) => one.name === name && one.type === type);
        assert.deepEqual([found?.name, found?.parent, found?.provider], [name, parent, provider]);
      }
      for (const { parent } of wanted) {
        assert(resources.some(({ name, type }) => name === parent.name && type === parent.type));
      }
    });
  }

  it("imports under the program's parents", () => {
    const maker = { dnsProvider: "googleCloud", suffix: "0a1b2c3d" } as const;
    const resources = importedResources(place, { wallet: "akash-provider-keys", maker });
    assert.deepEqual(
      resources.map(({ name, id }) => `${name} ${id}`),
      [
        "provider-namespace akash-services",
        "provider-wallet akash-services/akash-provider-keys",
        "dns-suffix ChssPQ",
        "provider-release akash-services/akash-provider",
      ],
    );
    const { nameTable } = importFile(identity, resources) as { nameTable: Record<string, string> };
    assert.deepEqual(Object.values(nameTable), [
      "urn:pulumi:prod::akash-provider-letsencrypt::akash:provider:AkashProvider::provider",
      "urn:pulumi:prod::akash-provider-letsencrypt::akash:dns:GcpDnsCredential::dns",
      "urn:pulumi:prod::akash-provider-letsencrypt::pulumi:providers:kubernetes::cluster",
    ]);
    for (const urn of Object.values(nameTable)) {
      assert(parentsCommand(identity, resources).args.includes(urn));
    }
  });
});
