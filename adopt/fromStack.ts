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
 * Takes the settings from the stack's own file: the stack has deployed the provider, and has lost its state.
 *
 * @throws UserError where the provider is not the stack's
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
    // The Secret of the other may be left over, and the pod does not read it.
    .filter(({ secret }) => release.manifest.includes(secret));
  const live = await provider.secrets([
    names.walletSecret,
    ...credentials.map(({ secret }) => secret),
  ]);
  if (ownerOf(live.get(names.walletSecret)) === undefined) {
    throw new UserError(
      `The provider ${place.releaseName} in ${place.namespace} was not deployed by ${ownStack(identity)}. ` +
        `Name the file that Helm was given: ${shell`npm run adopt -- provider.yaml -s ${identity.stack}`}`,
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
