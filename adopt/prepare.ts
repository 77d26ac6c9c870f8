import type { V1Secret } from "@kubernetes/client-node";
import { UserError } from "../lib/errors.ts";
import type { HelmRecord } from "../lib/helmRecord.ts";
import type { Arguments } from "./arguments.ts";
import type { ChartVersions } from "./chartVersions.ts";
import type { ReleasePlace } from "./cluster/deployedRevision.ts";
import { printedExponents, type PrintedExponent } from "./cluster/printedExponents.ts";
import { handSet, type HandSet } from "./cluster/handSet.ts";
import type { RunningProvider } from "./cluster/runningProvider.ts";
import { wildcardCertificates, type WildcardCertificate } from "./cluster/wildcardCertificates.ts";
import { readValuesFile } from "./file/readValues.ts";
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
  /** Whether the stack does not exist yet. */
  readonly isNewStack: boolean;
  readonly imported: readonly ImportedResource[];
  /** The imported resources that are not in the stack's state yet. */
  readonly missing: readonly ImportedResource[];
  readonly chart: ChartVersions;
  /** Numbers that the next `up` prints in another form than the release. */
  readonly exponents: readonly PrintedExponent[];
  /** Fields of the provider's pod that were set by hand. Default: none. */
  readonly handSet?: readonly HandSet[];
  /** The operator's own Certificates for the tenants' ingress. Default: none. */
  readonly wildcards?: readonly WildcardCertificate[];
}

/**
 * Reads the file, the stack and the cluster, and determines the steps of the adoption. Changes nothing.
 *
 * @throws UserError with everything that prevents the adoption
 */
export async function prepare(args: Arguments, project: Project): Promise<Preparation> {
  // Problems of the file do not depend on a stack or a cluster.
  const read = args.file === undefined ? undefined : readValuesFile(args.file);
  const situation = await situationOf(args, project);
  const { identity, state, place, provider, release } = situation;
  const { live, nextChart, ...discovery } =
    args.file === undefined || read === undefined
      ? await fromStack(situation)
      : await fromFile(args.file, read, args.zone, situation);
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
    handSet: handSet(release, await provider.statefulSet(names.fullname)),
    wildcards: wildcardCertificates(await provider.certificates(), domainOf(release)),
    chart: { deployed: release.chart.metadata.version, next: nextChart },
    exponents: printedExponents(release),
  };
}

function domainOf({ config }: HelmRecord): string {
  const domain = config?.domain;
  return typeof domain === "string" ? domain : "";
}

/** A provider that another stack created or adopted belongs to that stack. */
function refuseOthers(wallet: V1Secret | undefined, identity: StackIdentity): void {
  const owner = ownerOf(wallet);
  if (owner !== undefined && owner !== ownStack(identity)) {
    throw new UserError(
      `The provider already belongs to the stack ${owner}. Change its settings there; the present ones: ${shell`pulumi config -s ${ownName(owner)}`}`,
    );
  }
}
