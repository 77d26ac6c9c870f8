import { chartVersion, credentialSecretName, releaseNames } from "../chart/release.ts";
import { credentialAnnotations } from "../components/dnsCredential/annotations.ts";
import { UserError } from "../lib/errors.ts";
import { isMap } from "../lib/json.ts";
import type { CredentialMaker } from "./plan.ts";
import {
  ownerOf,
  ownStack,
  placeSettings,
  settingText,
  type Discovery,
  type Situation,
} from "./situation.ts";
import { shell } from "../lib/shell.ts";

/**
 * Takes the settings from the stack's own file: the stack deployed the provider, and lost its state.
 *
 * @throws UserError where the provider does not belong to the stack
 */
export async function fromStack({
  identity,
  existing,
  place,
  provider,
  release,
}: Situation): Promise<Discovery> {
  const { values } = existing.settings;
  const names = releaseNames(place.releaseName, isMap(values) ? values : {});
  const credentials = (["googleCloud", "cloudflare"] as const)
    .map((dnsProvider) => ({ dnsProvider, secret: credentialSecretName(names, dnsProvider) }))
    // The Secret of the other DNS provider may be a leftover that the pod does not read.
    .filter(({ secret }) => release.manifest.includes(secret));
  const live = await provider.secrets([
    names.walletSecret,
    ...credentials.map(({ secret }) => secret),
  ]);
  if (ownerOf(live.get(names.walletSecret)) === undefined) {
    throw new UserError(
      `The provider ${place.releaseName} in ${place.namespace} was not deployed by ${ownStack(identity)}. ` +
        `Name the file that was passed to Helm: ${shell`npm run adopt -- provider.yaml -s ${identity.stack}`}`,
    );
  }
  const [maker] = credentials.flatMap(({ dnsProvider, secret }): CredentialMaker[] => {
    const suffix = live.get(secret)?.metadata?.annotations?.[credentialAnnotations.suffix];
    return suffix === undefined ? [] : [{ dnsProvider, suffix }];
  });
  return {
    names,
    translation: {
      settings: placeSettings(place),
      secrets: {},
      values: {},
      dropped: [],
      problems: [],
    },
    live,
    differences: [],
    nextChart: settingText(existing, "chartVersion") ?? chartVersion,
    recovers: true,
    maker,
  };
}
