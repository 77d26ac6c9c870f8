import { stringify } from "yaml";
import { importCommand, parentsCommand, previewCommand, settingCommands } from "./plan.ts";
import type { Preparation } from "./prepare.ts";
import { shownCommand } from "./pulumi.ts";

/** What stands in the place of every secret. */
const masked = "[secret]";

/** What an adoption does, for machines. Holds no secret. */
export function summary(preparation: Preparation) {
  const { identity, place, translation, imported, differences, chart } = preparation;
  return {
    stack: identity.stack,
    ...place,
    chart,
    settings: translation.settings,
    secrets: Object.keys(translation.secrets),
    values: translation.values,
    dropped: translation.dropped,
    differences,
    imported,
    commands: shownCommands(preparation),
  };
}

/** What an adoption does, for people. Holds no secret. */
export function planText(file: string, preparation: Preparation): string {
  const { identity, place, translation, differences, chart } = preparation;
  const { settings, secrets, values, dropped } = translation;
  const shown = {
    ...settings,
    ...Object.fromEntries(Object.keys(secrets).map((path) => [path, masked])),
    ...(Object.keys(values).length > 0 && { values }),
  };
  return [
    `${file} and the release ${place.releaseName} in ${place.namespace} become the stack ${identity.stack}.`,
    section("Settings", stringify(shown, { lineWidth: 0 })),
    section("Left out", rows(dropped.map(({ path, why }) => [path, why]))),
    section(
      "Where the file is not what the release runs with; the file counts",
      rows(differences.map(({ path, how }) => [path, how])),
    ),
    differences.some(({ how }) => how !== "only in the file")
      ? `\nWhat the release runs with: helm -n ${place.namespace} get values ${place.releaseName} -o yaml > provider.yaml`
      : "",
    chart.deployed === chart.next || chart.deployed.startsWith(`${chart.next}+`)
      ? ""
      : section(
          "Chart",
          `${chart.deployed} is deployed, which the repairs do not know; the next up deploys ${chart.next}`,
        ),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The steps of an adoption, as commands where they are some. */
export function shownCommands(preparation: Preparation): string[] {
  const { identity, translation, secrets, place, imported } = preparation;
  return [
    ...settingCommands(identity, translation).map(shownCommand),
    ...secrets.map(
      (name) =>
        `kubectl -n ${place.namespace} annotate secret ${name} helm.sh/resource-policy=keep (and its field managers become Pulumi's)`,
    ),
    `(the credentials are taken out of Helm's history of ${place.releaseName})`,
    shownCommand(parentsCommand(identity)),
    `${shownCommand(importCommand(identity, "…"))} (${imported.map(({ type, id }) => `${type.split(":").at(-1) ?? type} ${id}`).join(", ")})`,
    shownCommand(previewCommand(identity)),
  ];
}

/** What was done, and what the next `up` does: to be read with the preview that follows. */
export function adoptedText(
  { identity, place }: Preparation,
  cleanedRevisions: readonly number[],
): string {
  const history =
    cleanedRevisions.length === 0
      ? "Helm's history holds no credential."
      : `The credentials were taken out of Helm's revision${cleanedRevisions.length === 1 ? "" : "s"} ` +
        `${cleanedRevisions.join(", ")}; all of them can still be rolled back to, since the Secrets stay.`;
  return `
The provider is in the stack ${identity.stack}, and its pod was not restarted. ${history}
What follows is what pulumi up -s ${identity.stack} changes. It restarts the pod once: the repairs of the chart put checksums on
it and give each CA a directory of its own for certificates. That directory is empty at first, so the provider orders one
new certificate (Let's Encrypt issues 5 a week for one name). The Secrets in ${place.namespace} change their labels only. 🔓 is
the protection that lasts until then: without it, pulumi destroy would now take the namespace along.

`;
}

function section(title: string, text: string): string {
  return text === "" ? "" : `\n${title}:\n${text.trimEnd().replace(/^(?=.)/gm, "  ")}`;
}

function rows(cells: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...cells.map(([first]) => first.length));
  return cells.map(([first, second]) => `${first.padEnd(width)}  ${second}`).join("\n");
}
