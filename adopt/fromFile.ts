import { join } from "node:path";
import {
  chartName,
  credentialSecretName,
  releaseNames,
  type ReleaseNames,
} from "../chart/release.ts";
import type { Config } from "../config/index.ts";
import { kubectl, type CommandTarget } from "../lib/clusterCommand.ts";
import { UserError } from "../lib/errors.ts";
import { readIfPresent } from "../lib/files.ts";
import { printableLine } from "../lib/printable.ts";
import type { ValueMap } from "../lib/json.ts";
import { shell } from "../lib/shell.ts";
import { chartRefusals, pinnedChart } from "./chartVersions.ts";
import { differences } from "./cluster/differences.ts";
import { completedValues } from "./cluster/fromRelease.ts";
import type { ValuesFile } from "./file/readValues.ts";
import { translate, type Script } from "./file/translate.ts";
import { validate } from "./file/validate.ts";
import { refusalText, type Refusal } from "./refusal.ts";
import { placeSettings, type Discovery, type Situation } from "./situation.ts";
import { ownName } from "../lib/stackFile.ts";
import type { StackFile } from "./stackFile.ts";

/**
 * Takes the settings from the file that was passed to Helm.
 *
 * @param read the content of the file
 * @param zone DNS zone of the credential in the file
 * @throws UserError with every problem in the file that prevents the adoption
 */
export async function fromFile(
  file: string,
  read: ValuesFile,
  zone: string | undefined,
  { directory, stackFolder, identity, existing, state, place, provider, release }: Situation,
): Promise<Discovery> {
  const { stack } = identity;
  const deployed = release.chart.metadata.version;
  const names = releaseNames(place.releaseName, { ...release.config, ...read.values });
  const secrets = await provider.secrets(credentialSecrets(names));
  const { values, taken } = completedValues(read.values, release, secrets, names);

  const scriptFile = `${stackFolder}/${ownName(stack)}.price_script.sh`;
  const translated = translate(values, {
    zone,
    deployedChart: deployed,
    defaults: release.chart.values ?? {},
    scriptFile,
  });
  const found = differences({
    values,
    secrets: translated.secrets,
    release,
    live: secrets,
    names,
  });
  const unchecked = {
    ...translated,
    settings: {
      ...translated.settings,
      ...placeSettings(place),
      ...chartSetting(existing, deployed),
    },
  };
  const { config, refusals, accepted, accept, warnings } = validate(stack, existing, unchecked, {
    places: read.places,
    runs: (path) => !found.some((difference) => isAtOrIn(difference.path, path)),
  });
  const target = { namespace: place.namespace, kubeContext: provider.kubeContext };
  const others = [
    ...chartRefusals(deployed, target, names.fullname),
    ...scriptRefusals(directory, unchecked.script),
  ];
  if (config === undefined || others.length > 0) {
    throw new UserError(
      refusalText(file, [...others, ...refusals], state === undefined ? stack : undefined),
    );
  }

  const wanted = wantedSecrets(names, config);
  return {
    names,
    translation: {
      ...unchecked,
      settings: { ...unchecked.settings, ...(accept.length > 0 && { accept }) },
    },
    live: new Map([...secrets].filter(([name]) => wanted.includes(name))),
    differences: found,
    taken,
    accepted: accepted.map((one) =>
      one.subject === "from" ? { ...one, problem: keyNameText(config.from, names, target) } : one,
    ),
    repeated: read.repeated,
    warnings: [
      ...(read.otherDocuments > 0
        ? [
            `${printableLine(file)} has ${read.otherDocuments + 1} YAML documents. Helm reads only the first, so the others are ignored.`,
          ]
        : []),
      ...warnings,
    ],
    nextChart: config.chartVersion,
    recovers: false,
  };
}

/** Whether one path in the file is the other, or contains it. */
function isAtOrIn(path: string, subject: string): boolean {
  const place = subject.replaceAll(/\[(\d+)\]/g, ".$1");
  return `${path}.`.startsWith(`${place}.`) || `${place}.`.startsWith(`${path}.`);
}

/** The message about a key's name instead of an address, which the chart also accepts. */
function keyNameText(name: string, { pod }: ReleaseNames, target: CommandTarget): string {
  const show = shell`exec ${pod} -c ${chartName} -- provider-services keys show ${name} -a`;
  return `is a key's name, not an address. Use the key's address instead. To print it: ${kubectl(target, show)}`;
}

function chartSetting({ settings }: StackFile, deployed: string): ValueMap {
  const pinned = settings.chartVersion === undefined ? pinnedChart(deployed) : undefined;
  return pinned === undefined ? {} : { chartVersion: pinned };
}

/** The stack may already have its own script, which must not be lost. */
function scriptRefusals(directory: string, script: Script | undefined): Refusal[] {
  const present = script && readIfPresent(join(directory, script.file));
  return script === undefined || present === undefined || present === script.text
    ? []
    : [
        {
          subject: "bidpricescript",
          problem: `differs from the script in ${script.file}; move that file`,
        },
      ];
}

/** The Secrets with the chart's credentials. */
function credentialSecrets(names: ReleaseNames): readonly string[] {
  return [names.walletSecret, names.googleCloudSecret, names.cloudflareSecret];
}

/** The Secrets that the program manages for this configuration. */
function wantedSecrets(names: ReleaseNames, { challenge }: Config): string[] {
  return challenge.type === "dns-01"
    ? [names.walletSecret, credentialSecretName(names, challenge.dns.provider)]
    : [names.walletSecret];
}
