import * as pulumi from "@pulumi/pulumi";
import { digestOfWallet } from "../chart/walletDigest.ts";

/** The digest of a wallet, which is not a secret; see {@link digestOfWallet}. */
export function walletDigest(
  key: pulumi.Input<string>,
  password: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.unsecret(
    pulumi.all([key, password]).apply(([key, password]) => digestOfWallet(key, password)),
  );
}
