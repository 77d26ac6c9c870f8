import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { satisfies } from "semver";
import { parse } from "yaml";
import { supportedChartVersions } from "../../chart/repairs.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Provider } from "../support/provider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { chartUnderTest } from "../support/workspace.ts";

/** Folders of the chart, one for each version, separated by colons. */
const folders = (process.env.AKASH_OLD_CHARTS ?? "").split(":").filter((folder) => folder !== "");

/** The chart that the program deploys, in the workspace. */
const deployedChart = ".sandbox/chart/provider";

/** A DNS credential in the values, in the form of charts before 12.1.3, which later charts accept. */
interface BroughtCredential {
  readonly values: object;
  /** The suffix of its Secret's name. */
  readonly secret: string;
  readonly zone: string;
  /** A part of it. */
  readonly sentinel: string;
}

/** A CA's credential for an account there. */
const binding = { kid: "SENTINEL-published-kid", hmac: "SENTINEL-published-hmac" };

const credentials = {
  googleCloud: async (clouds: SandboxClouds, name: string): Promise<BroughtCredential> => {
    const content = await clouds.googleKey(name, [
      { zone: "example-test", role: "roles/dns.admin" },
    ]);
    const { private_key } = JSON.parse(content) as { readonly private_key: string };
    return {
      values: {
        dns: { providers: ["gcloud"] },
        providers: { googleCloud: { enabled: true, serviceAccount: { content } } },
      },
      secret: "gcp-dns",
      zone: "example-test",
      sentinel: private_key.split("\n")[2] ?? "",
    };
  },
  cloudflare: async (clouds: SandboxClouds, name: string): Promise<BroughtCredential> => {
    const { value: apiToken } = await clouds.cloudflareToken(name);
    return {
      values: {
        dns: { providers: ["cf"] },
        providers: { cloudflare: { enabled: true, apiToken } },
      },
      secret: "cloudflare-dns",
      zone: "example.test",
      sentinel: apiToken,
    };
  },
};

describe("a provider of a published chart", () => {
  if (folders.length === 0) {
    it("is adopted, if AKASH_OLD_CHARTS names folders of the chart");
  }
  for (const folder of folders) {
    const version = versionOf(folder);
    const isKept = satisfies(version, supportedChartVersions, { includePrerelease: true });
    it(`${version} with a Google key is adopted and deployed`, () =>
      adoptAndDeploy("google", credentials.googleCloud));
    it(`${version} with a Cloudflare token is adopted and deployed`, () =>
      adoptAndDeploy("cloudflare", credentials.cloudflare));
    // Before 12.1.3, the chart supported only DNS-01.
    if (isKept) {
      it(`${version} with HTTP-01 is adopted and deployed`, () => adoptAndDeploy("http"));
    }

    async function adoptAndDeploy(
      suffix: string,
      bring?: (clouds: SandboxClouds, name: string) => Promise<BroughtCredential>,
    ): Promise<void> {
      const name = `v${version.replaceAll(/\W/g, "-")}-${suffix}`;
      const brought = await bring?.(new SandboxClouds(await testSandbox()), name);
      const provider = await Provider.install({
        name,
        chart: folder,
        values: values(brought),
        secrets: ["keys", ...(brought === undefined ? [] : [brought.secret])],
      });
      if (isKept) {
        // As the repository would respond to a request for the version that the stack keeps.
        putChart(provider, folder);
      }
      await provider.remember();

      const zone = brought === undefined ? [] : ["--zone", brought.zone];
      const { status, output } = await provider.adopt(...zone);
      assert.equal(status, 0, output);
      assert.doesNotMatch(output, /\(replace\)|\(create\)|\(delete\)/);
      await provider.assertSamePod();
      await provider.assertSecretsStayed();
      await provider.assertHidden([
        "SENTINEL-published-password",
        walletKey.split("\n")[5] ?? "",
        ...Object.values(binding),
        ...(brought === undefined ? [] : [brought.sentinel]),
      ]);
      const issuer = await provider.cluster.configMapData(name, `${provider.release}-letsencrypt`);
      assert.doesNotMatch(JSON.stringify(issuer), /SENTINEL/);

      const challenge = brought === undefined ? "http-01" : "dns-01";
      await assertUp(provider, challenge, isKept ? version : versionOf(chartUnderTest()));
      if (isKept) {
        putChart(provider, chartUnderTest());
        await provider.workspace.succeed("config", "rm", "-s", name, "chartVersion");
        await assertUp(provider, challenge, versionOf(chartUnderTest()));
      }
      await provider.assertSecretsStayed();
      await provider.assertSecretsNeverMissing();
      await provider.workspace.destroy();
    }
  }
});

/** The provider has its certificate after `up`, with a chart of this version, and nothing is left to do. */
async function assertUp(provider: Provider, challenge: string, version: string): Promise<void> {
  const { name, workspace } = provider;
  await workspace.up();
  await provider.assertOtherPod();
  const [last] = (await provider.cluster.helmHistory(name)).slice(-1);
  assert.equal(last?.chart.metadata.version, version);
  const report = await provider.issueAnew();
  assert.deepEqual([report.result, report.challenge], ["issued", challenge]);
  await workspace.succeed("preview", "-s", name, "--expect-no-changes");
}

function versionOf(folder: string): string {
  const { version } = parse(readFileSync(join(folder, "Chart.yaml"), "utf8")) as {
    readonly version: string;
  };
  return version;
}

function putChart(provider: Provider, folder: string): void {
  rmSync(provider.path(deployedChart), { recursive: true });
  cpSync(folder, provider.path(deployedChart), { recursive: true });
}

/** The values in an operator's file for any of these versions. */
function values(brought: BroughtCredential | undefined): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
    key: base64(walletKey),
    keysecret: base64("SENTINEL-published-password\n"),
    domain: "example.test",
    email: "operator@example.test",
    node: "http://akash-node-1:26657",
    withdrawalperiod: "12h",
    attributes: [
      { key: "region", value: "us-east" },
      { key: "capabilities/storage/1/class", value: "beta3" },
      { key: "capabilities/storage/1/persistent", value: true },
    ],
    letsEncrypt: {
      enabled: true,
      acme: {
        email: "operator@example.test",
        caDirUrl: "https://pebble.sandbox.internal/dir",
        // Up to 12.1.2 the chart rendered them into a ConfigMap.
        externalAccountBinding: binding,
      },
      ...brought?.values,
    },
  };
}
