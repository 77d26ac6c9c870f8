import { findAccess, identitySettings, type CloudAccess, type CloudPlugin } from "../dns/access.ts";
import { runPulumi } from "../lib/pulumi.ts";
import type { StateResource } from "./stackState.ts";
import { shell } from "../lib/shell.ts";

/** How the clouds are reached, as far as the doctor can see it. */
export interface SeenAccess extends CloudAccess {
  /** What of it could not be looked at, and how it could, in a sentence for each cloud. */
  readonly hidden?: Readonly<Partial<Record<CloudPlugin, string>>>;
}

/** Decrypts a setting of a stack, such as `gcp:credentials`; undefined where it cannot be. */
export type Decrypt = (key: string) => Promise<string | undefined>;

/** The variable that says who the operator is, where the stack does not. */
const variables: Readonly<Record<CloudPlugin, string>> = {
  gcp: "GOOGLE_OAUTH_ACCESS_TOKEN",
  cloudflare: "CLOUDFLARE_API_TOKEN",
};

/**
 * How the clouds are reached, as their plugins find it. What the stack's state says of these stands for its
 * configuration. Pulumi is asked for those settings alone that are encrypted there and say who the operator is, and
 * decrypts them where the passphrase, or what else the stack encrypts with, is at hand.
 *
 * @param stack the stack's name
 * @param environment default: that of this process
 * @param decrypt default: `pulumi config get`
 */
export async function cloudAccess(
  stack: string,
  resources: readonly StateResource[],
  environment: NodeJS.ProcessEnv = process.env,
  decrypt: Decrypt = (key) => configured(stack, key),
): Promise<SeenAccess> {
  const inState = (plugin: CloudPlugin, setting: string): unknown =>
    resources.find(({ type }) => type === `pulumi:providers:${plugin}`)?.inputs[setting];
  const decrypted: Record<string, string> = {};
  const hidden: Partial<Record<CloudPlugin, string>> = {};
  for (const plugin of ["gcp", "cloudflare"] as const) {
    const encrypted = identitySettings[plugin].filter((setting) => {
      const value = inState(plugin, setting);
      return typeof value === "object" && value !== null;
    });
    for (const setting of encrypted) {
      const key = `${plugin}:${setting}`;
      const value = await decrypt(key);
      if (value === undefined) {
        hidden[plugin] =
          `${key} is encrypted, and Pulumi does not decrypt it. To have this looked at, give the doctor the stack's passphrase, ` +
          `${shell`PULUMI_CONFIG_PASSPHRASE_FILE='FILE' npm run doctor -- -s ${stack}`}, or your own access in ${variables[plugin]}`;
      } else {
        decrypted[key] = value;
      }
    }
  }
  return {
    ...findAccess(
      (plugin, setting) => decrypted[`${plugin}:${setting}`] ?? inState(plugin, setting),
      environment,
      stack,
    ),
    hidden,
  };
}

async function configured(stack: string, key: string): Promise<string | undefined> {
  try {
    const value = await runPulumi(["config", "get", "-s", stack, key], { explain: () => "" });
    return value.trim();
  } catch {
    // Without a passphrase, and where the setting is there no more.
    return undefined;
  }
}
