import { findAccess, identitySettings, type CloudAccess, type CloudPlugin } from "../dns/access.ts";
import { runPulumi } from "../lib/pulumi.ts";
import type { StateResource } from "./stackState.ts";
import { shell } from "../lib/shell.ts";

/** The access to Google Cloud and Cloudflare, as far as the doctor can read it. */
export interface SeenAccess extends CloudAccess {
  /** For each cloud, a sentence about what could not be read, and how to make it readable. */
  readonly hidden?: Readonly<Partial<Record<CloudPlugin, string>>>;
}

/** Decrypts a setting of a stack, such as `gcp:credentials`; undefined if that fails. */
export type Decrypt = (key: string) => Promise<string | undefined>;

/** The variable with the operator's credential, if the stack has none. */
const variables: Readonly<Record<CloudPlugin, string>> = {
  gcp: "GOOGLE_OAUTH_ACCESS_TOKEN",
  cloudflare: "CLOUDFLARE_API_TOKEN",
};

/**
 * Determines the access to the clouds like their plugins. The plugins' inputs in the stack's state are used in place of
 * the configuration. Only settings that identify the operator and are encrypted in the state are requested from Pulumi,
 * which decrypts them if the stack's passphrase, or its other secrets provider, is available.
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
          `${key} is encrypted, and Pulumi cannot decrypt it. To check this, give the doctor the stack's passphrase, ` +
          `${shell`PULUMI_CONFIG_PASSPHRASE_FILE='FILE' npm run doctor -- -s ${stack}`}, or your own credential in ${variables[plugin]}`;
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
    // The passphrase is missing, or the setting no longer exists.
    return undefined;
  }
}
