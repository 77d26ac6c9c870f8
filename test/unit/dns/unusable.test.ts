import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { refuseUnusableCloudflare, refuseUnusableGoogleCloud } from "../../../dns/unusable.ts";

describe("unusable credentials", () => {
  const secret = "SENTINEL";

  function refusal(check: () => void): string {
    let message = "";
    assert.throws(check, (error: unknown) => {
      assert(error instanceof RunError);
      ({ message } = error);
      return true;
    });
    assert.doesNotMatch(message, new RegExp(secret));
    return message;
  }

  for (const [what, value] of [
    ["a line break at its end", `${secret}\n`],
    ["a line break in it", `${secret}\n${secret}`],
    ["a blank in it", `${secret} ${secret}`],
    ["another alphabet's letter", `${secret}é`],
  ] as const) {
    it(`include a token with ${what}, which is refused without being shown`, () => {
      const sources = { apiToken: "CLOUDFLARE_API_TOKEN" };
      assert.match(
        refusal(() => {
          refuseUnusableCloudflare({ apiToken: value, sources });
        }),
        /^CLOUDFLARE_API_TOKEN contains a line break, .*\n +export CLOUDFLARE_API_TOKEN="\$\(printf/,
      );
      assert.match(
        refusal(() => {
          refuseUnusableGoogleCloud({
            accessToken: value,
            sources: { accessToken: "gcp:accessToken" },
          });
        }),
        /^gcp:accessToken contains a line break, .*\n +pulumi config set -s 'STACK' --secret gcp:accessToken$/,
      );
    });
  }

  it("include a global key without the user's address", () => {
    const sources = { apiKey: "cloudflare:apiKey" };
    assert.match(
      refusal(() => {
        refuseUnusableCloudflare({ apiKey: secret, sources, stack: "prod" });
      }),
      /^cloudflare:apiKey is the global API key of a user, .*\n +pulumi config set -s prod cloudflare:email 'EMAIL'$/,
    );
    refuseUnusableCloudflare({ apiKey: secret, email: "a@b.c", sources });
  });

  it("include another provider's token with a missing field", () => {
    const externalCredentials = { audience: "a", serviceAccountEmail: "", identityToken: secret };
    assert.match(
      refusal(() => {
        refuseUnusableGoogleCloud({ externalCredentials });
      }),
      /gcp:externalCredentials are missing: serviceAccountEmail\b.*\n.*\.serviceAccountEmail' 'VALUE'$/,
    );
    // Other users of the machine can read a command line.
    const withoutToken = { ...externalCredentials, serviceAccountEmail: "a@b", identityToken: "" };
    assert.match(
      refusal(() => {
        refuseUnusableGoogleCloud({ externalCredentials: withoutToken });
      }),
      /gcp:externalCredentials are missing: identityToken\b.*\n.*\.identityToken' < token\.jwt$/,
    );
  });

  it("include a universe domain that the issuer does not support", () => {
    const sources = { universeDomain: "gcp:universeDomain" };
    assert.match(
      refusal(() => {
        refuseUnusableGoogleCloud({ universeDomain: "example.org", sources, stack: "prod" });
      }),
      /^gcp:universeDomain is example\.org, .*\n +pulumi config rm -s prod gcp:universeDomain$/,
    );
    refuseUnusableGoogleCloud({ universeDomain: "googleapis.com", sources });
  });
});
