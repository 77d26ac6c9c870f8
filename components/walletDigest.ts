import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/**
 * A digest over a wallet's key and password by which a change of either is seen, 16 hex digits. It is no secret.
 *
 * Slow on purpose: everyone who may look at the pod sees it, and a password can be guessed.
 */
export function walletDigest(
  key: pulumi.Input<string>,
  password: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.unsecret(
    pulumi.all([key, password]).apply(async ([key, password]) => {
      const digest = (await promisify(scrypt)(password, key, 8)) as Buffer;
      return digest.toString("hex");
    }),
  );
}
