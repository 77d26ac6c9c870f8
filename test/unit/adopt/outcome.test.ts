import assert from "node:assert/strict";
import { fileText, outcomeText } from "../../../adopt/outcome.ts";
import { preparation } from "./preparation.ts";

describe("the outcome of an adoption", () => {
  it("reports which revisions contained credentials", () => {
    const prepared = preparation("guide");
    assert.match(outcomeText(prepared, [1, 2]), /removed from Helm's revisions 1, 2;/);
    assert.match(outcomeText(prepared, [3]), /removed from Helm's revision 3;/);
    assert.match(outcomeText(prepared, []), /Helm's history contains no credential\./);
  });

  it("prints how the program creates a key instead of the one in the file, and the command that deletes that", () => {
    const text = outcomeText(preparation("google-cloud"), []);
    assert.match(
      text,
      /pulumi config rm -s prod --path dns\.serviceAccountKey && pulumi up -s prod\n/,
    );
    assert.match(
      text,
      /gcloud iam service-accounts keys delete 0123 --iam-account=dns@my-project\.iam\.gserviceaccount\.com\n/,
    );
  });

  it("names no command for a token, which contains neither its id nor its account", () => {
    const text = outcomeText(preparation("chart-12.1"), []);
    assert.match(text, /--path dns\.apiToken && pulumi up -s prod\n/);
    assert.doesNotMatch(text, /gcloud/);
  });

  it("reports that the file still contains the credentials, and the command that deletes it, for any name", () => {
    assert.equal(
      fileText("my provider.yaml", preparation("chart-12.1")),
      "my provider.yaml still contains walletKey, walletPassword, dns.apiToken in plain text, and the stack no longer needs it. When the provider runs, delete the file, with its copies and backups: rm 'my provider.yaml'",
    );
  });

  it("does not mention a DNS credential where there is none", () => {
    assert.doesNotMatch(outcomeText(preparation("guide"), []), /DNS credential/);
  });

  it("explains the next steps for a credential whose secret part was in the lost state", () => {
    const recovered = {
      ...preparation("google-cloud"),
      recovers: true,
      maker: { dnsProvider: "googleCloud", suffix: "0a1b2c3d" },
    } as const;
    const text = outcomeText(recovered, []);
    assert.match(text, /is in the stack prod again/);
    assert.match(text, /restarts the pod once, since every upgrade of the release does/);
    assert.match(text, /\n {2}pulumi up -s prod && pulumi up -s prod\n/);
    assert.doesNotMatch(text, /gcloud|Let's Encrypt issues/);
  });
});
