import type { V1Secret } from "@kubernetes/client-node";
import { UserError } from "../lib/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { ChartVersions } from "./chartVersions.ts";
import type { ReleasePlace } from "./cluster/deployedRevision.ts";
import type { RunningProvider } from "./cluster/runningProvider.ts";
import { fromFile } from "./fromFile.ts";
import { fromStack } from "./fromStack.ts";
import { importedResources, type ImportedResource, type StackIdentity } from "./plan.ts";
import { ownerOf, ownStack, situationOf, type Discovery, type Project } from "./situation.ts";
import { ownName } from "../lib/stackFile.ts";
import { stillToImport } from "./stackState.ts";
import { shell } from "../lib/shell.ts";

/** Everything that an adoption needs to know. */
export interface Preparation extends Omit<Discovery, "live" | "nextChart"> {
  readonly identity: StackIdentity;
  readonly place: ReleasePlace;
  readonly provider: RunningProvider;
  /** Names of the release's Secrets that the program takes over. */
  readonly secrets: readonly string[];
  /** Whether the stack is still to be made. */
  readonly isNewStack: boolean;
  readonly imported: readonly ImportedResource[];
  /** What of it the stack's state has not got yet. */
  readonly missing: readonly ImportedResource[];
  readonly chart: ChartVersions;
}

/**
 * Reads the file, the stack and the cluster, and works out what it takes to adopt the provider. Changes nothing.
 *
 * @throws UserError with everything that stands in the way
 */
export async function prepare(args: Arguments, project: Project): Promise<Preparation> {
  const situation = await situationOf(args, project);
  const { identity, state, place, provider, release } = situation;
  const { live, nextChart, ...discovery } =
    args.file === undefined
      ? await fromStack(situation)
      : await fromFile(args.file, args.zone, situation);
  const { names, maker } = discovery;
  refuseOthers(live.get(names.walletSecret), identity);
  const secrets = [...live.keys()];
  const imported = importedResources(place, {
    wallet: secrets.find((name) => name === names.walletSecret),
    dnsCredential: secrets.find((name) => name !== names.walletSecret),
    maker,
  });
  return {
    ...discovery,
    identity,
    place,
    provider,
    secrets,
    isNewStack: state === undefined,
    imported,
    missing: stillToImport(identity, imported, state),
    chart: { deployed: release.chart.metadata.version, next: nextChart },
  };
}

/** A provider that another stack has made or adopted is that stack's. */
function refuseOthers(wallet: V1Secret | undefined, identity: StackIdentity): void {
  const owner = ownerOf(wallet);
  if (owner !== undefined && owner !== ownStack(identity)) {
    throw new UserError(
      `The provider belongs to the stack ${owner} already. Change its settings there; those that it has: ${shell`pulumi config -s ${ownName(owner)}`}`,
    );
  }
}
