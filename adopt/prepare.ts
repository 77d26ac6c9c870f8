import { join } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import { credentialSecretName, releaseNames, type ReleaseNames } from "../chart/release.ts";
import { ownerAnnotation } from "../components/owner.ts";
import type { Config } from "../config.ts";
import { UserError } from "../sandbox/errors.ts";
import { readIfPresent } from "../sandbox/files.ts";
import type { Arguments } from "./arguments.ts";
import { chartRefusals, pinnedChart } from "./chartVersions.ts";
import { RunningProvider, type ReleasePlace } from "./cluster.ts";
import { differences, type Difference } from "./differences.ts";
import { importedResources, type ImportedResource, type StackIdentity } from "./plan.ts";
import { readValues } from "./readValues.ts";
import { ownName, readProject, readStackFile, type StackFile } from "./stackFile.ts";
import { translate, type Translation } from "./translate.ts";
import { validate, type Refusal } from "./validate.ts";
import type { ValueMap } from "./values.ts";

/** Everything that an adoption needs to know. */
export interface Preparation {
  readonly identity: StackIdentity;
  readonly place: ReleasePlace;
  readonly provider: RunningProvider;
  readonly names: ReleaseNames;
  readonly translation: Translation;
  /** Where the bid price script goes, relative to the project. */
  readonly scriptFile: string;
  /** Names of the release's Secrets that the program takes over. */
  readonly secrets: readonly string[];
  readonly imported: readonly ImportedResource[];
  readonly differences: readonly Difference[];
  readonly chart: {
    readonly deployed: string;
    /** The one that the next `up` deploys. */
    readonly next: string;
  };
}

/**
 * Reads the file, the stack and the cluster, and works out what it takes to adopt the provider. Changes nothing.
 *
 * @param directory the project's
 * @throws UserError with everything that stands in the way
 */
export async function prepare(args: Arguments, directory: string): Promise<Preparation> {
  const { file, stack, zone } = args;
  const values = readValues(file);
  const project = readProject(directory);
  const existing = readStackFile(directory, stack);
  const place = placeOf(args, existing);
  const provider = await RunningProvider.connect(text(existing, "kubeContext"), place);
  const release = await provider.deployedRevision();
  const deployed = release.chart.metadata.version;

  const scriptFile = `${project.stackConfigDir}/${ownName(stack)}.price_script.sh`;
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
  const others = [
    ...chartRefusals(deployed),
    ...scriptRefusals(join(directory, scriptFile), scriptFile, translation.script),
  ];
  if (config === undefined || others.length > 0) {
    throw new UserError(refusalText(file, [...others, ...refusals]));
  }

  const names = releaseNames(place.releaseName, translation.values);
  const live = await liveSecrets(provider, names, config);
  refuseOthers(live.get(names.walletSecret), `${project.name}/${ownName(stack)}`);
  const secrets = [...live.keys()];
  return {
    identity: { project: project.name, stack },
    place,
    provider,
    names,
    translation,
    scriptFile,
    secrets,
    imported: importedResources(place, {
      wallet: secrets.find((name) => name === names.walletSecret),
      dnsCredential: secrets.find((name) => name !== names.walletSecret),
    }),
    differences: differences({ values, secrets: translation.secrets, release, live, names }),
    chart: { deployed, next: config.chartVersion },
  };
}

function placeOf({ namespace, releaseName }: Arguments, existing: StackFile): ReleasePlace {
  return {
    namespace: namespace ?? text(existing, "namespace") ?? defaultPlace.namespace,
    releaseName: releaseName ?? text(existing, "releaseName") ?? defaultPlace.releaseName,
  };
}

/** As in Akash's guides, and as the stack has it without a setting. */
const defaultPlace: ReleasePlace = { namespace: "akash-services", releaseName: "akash-provider" };

function placeSettings(place: ReleasePlace): ValueMap {
  return Object.fromEntries(
    Object.entries(place).filter(
      ([name, value]) => value !== defaultPlace[name as keyof ReleasePlace],
    ),
  );
}

function chartSetting({ settings }: StackFile, deployed: string): ValueMap {
  const pinned = settings.chartVersion === undefined ? pinnedChart(deployed) : undefined;
  return pinned === undefined ? {} : { chartVersion: pinned };
}

/** The stack may have a script of its own already, which must not be lost. */
function scriptRefusals(path: string, shown: string, script: string | undefined): Refusal[] {
  const present = script === undefined ? undefined : readIfPresent(path);
  return present === undefined || present === script
    ? []
    : [
        {
          subject: "bidpricescript",
          problem: `is not the script in ${shown}; move that file away`,
        },
      ];
}

/** The Secrets that the program has for this configuration, and that are there. */
async function liveSecrets(
  provider: RunningProvider,
  names: ReleaseNames,
  { challenge }: Config,
): Promise<ReadonlyMap<string, V1Secret>> {
  const wanted = [
    names.walletSecret,
    ...(challenge.type === "dns-01" ? [credentialSecretName(names, challenge.dns.provider)] : []),
  ];
  const found = await Promise.all(
    wanted.map(async (name) => [name, await provider.secret(name)] as const),
  );
  return new Map(found.flatMap(([name, secret]) => (secret === undefined ? [] : [[name, secret]])));
}

/** A provider that another stack has made or adopted is that stack's. */
function refuseOthers(wallet: V1Secret | undefined, stack: string): void {
  const owner = wallet?.metadata?.annotations?.[ownerAnnotation];
  if (owner !== undefined && owner !== stack) {
    throw new UserError(
      `The provider belongs to the stack ${owner} already. Change its settings there, with pulumi config set -s ${ownName(owner)}.`,
    );
  }
}

function text({ settings }: StackFile, name: string): string | undefined {
  const value = settings[name];
  return typeof value === "string" ? value : undefined;
}

function refusalText(file: string, refusals: readonly Refusal[]): string {
  const count = refusals.length === 1 ? "a problem" : `${refusals.length} problems`;
  const lines = refusals.map(
    ({ subject, problem, command }) =>
      `  ${subject} ${problem}${command === undefined ? "" : `\n      ${command}`}`,
  );
  return `${file} cannot be adopted: it has ${count}. Nothing was changed.\n${lines.join("\n")}`;
}
