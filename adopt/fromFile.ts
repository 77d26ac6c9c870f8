import { join } from "node:path";
import { credentialSecretName, releaseNames, type ReleaseNames } from "../chart/release.ts";
import type { Config } from "../config/index.ts";
import { UserError } from "../lib/errors.ts";
import { readIfPresent } from "../lib/files.ts";
import type { ValueMap } from "../lib/json.ts";
import { chartRefusals, pinnedChart } from "./chartVersions.ts";
import { differences } from "./cluster/differences.ts";
import { readValues } from "./file/readValues.ts";
import { translate, type Script } from "./file/translate.ts";
import { validate } from "./file/validate.ts";
import { refusalText, type Refusal } from "./refusal.ts";
import { placeSettings, type Discovery, type Situation } from "./situation.ts";
import { ownName } from "../lib/stackFile.ts";
import type { StackFile } from "./stackFile.ts";

/**
 * Takes the settings from the file that Helm was given.
 *
 * @param zone DNS zone of the credential in the file
 * @throws UserError with everything in the file that stands in the way
 */
export async function fromFile(
  file: string,
  zone: string | undefined,
  { directory, stackFolder, identity, existing, state, place, provider, release }: Situation,
): Promise<Discovery> {
  const values = readValues(file);
  const { stack } = identity;
  const deployed = release.chart.metadata.version;

  const scriptFile = `${stackFolder}/${ownName(stack)}.price_script.sh`;
  const translated = translate(values, { zone, deployedChart: deployed, scriptFile });
  const translation = {
    ...translated,
    settings: {
      ...translated.settings,
      ...placeSettings(place),
      ...chartSetting(existing, deployed),
    },
  };
  const { config, refusals } = validate(stack, existing, translation);
  const names = releaseNames(place.releaseName, translation.values);
  const target = { namespace: place.namespace, kubeContext: provider.kubeContext };
  const others = [
    ...chartRefusals(deployed, target, names.fullname),
    ...scriptRefusals(directory, translation.script),
  ];
  if (config === undefined || others.length > 0) {
    throw new UserError(
      refusalText(file, [...others, ...refusals], state === undefined ? stack : undefined),
    );
  }

  const live = await provider.secrets(wantedSecrets(names, config));
  return {
    names,
    translation,
    live,
    differences: differences({ values, secrets: translation.secrets, release, live, names }),
    nextChart: config.chartVersion,
    recovers: false,
  };
}

function chartSetting({ settings }: StackFile, deployed: string): ValueMap {
  const pinned = settings.chartVersion === undefined ? pinnedChart(deployed) : undefined;
  return pinned === undefined ? {} : { chartVersion: pinned };
}

/** The stack may have a script of its own already, which must not be lost. */
function scriptRefusals(directory: string, script: Script | undefined): Refusal[] {
  const present = script && readIfPresent(join(directory, script.file));
  return script === undefined || present === undefined || present === script.text
    ? []
    : [
        {
          subject: "bidpricescript",
          problem: `is not the script in ${script.file}; move that file away`,
        },
      ];
}

/** The Secrets that the program has for this configuration. */
function wantedSecrets(names: ReleaseNames, { challenge }: Config): string[] {
  return challenge.type === "dns-01"
    ? [names.walletSecret, credentialSecretName(names, challenge.dns.provider)]
    : [names.walletSecret];
}
