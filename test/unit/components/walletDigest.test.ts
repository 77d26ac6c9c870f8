import assert from "node:assert/strict";
import { secret } from "@pulumi/pulumi";
import { resolved } from "../../../components/resolved.ts";
import { walletDigest } from "../../../components/walletDigest.ts";

describe("the wallet's digest", () => {
  const digest = (key: string, password: string) =>
    resolved(walletDigest(secret(key), secret(password)));

  it("is the same for the same wallet, and differs for another key or password", async () => {
    const same = await digest("key", "password");
    assert.match(same, /^[0-9a-f]{16}$/);
    assert.equal(await digest("key", "password"), same);
    assert.notEqual(await digest("another", "password"), same);
    assert.notEqual(await digest("key", "another"), same);
  });

  it("is not a secret, since it is in the pod's annotations", async () => {
    const { isSecret } = walletDigest(secret("key"), secret("password")) as unknown as {
      readonly isSecret: Promise<boolean>;
    };
    assert.equal(await isSecret, false);
  });
});
