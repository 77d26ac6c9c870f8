import { helm, kubectl } from "../lib/clusterCommand.ts";
import { formatYaml } from "../lib/yaml.ts";
import { chartChange } from "./chartVersions.ts";
import { keepPolicy } from "./cluster/runningProvider.ts";
import {
  importCommand,
  initCommand,
  parentsCommand,
  previewCommand,
  settingCommands,
} from "./plan.ts";
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
    imported: imported.map(({ type, name, id }) => ({ type, name, id })),
    commands: shownCommands(preparation),
  };
}

/** What an adoption does, for people. Holds no secret. */
export function planText(file: string | undefined, preparation: Preparation): string {
  const { identity, place, translation, differences, chart } = preparation;
  const { settings, secrets, values, dropped } = translation;
  const { kubeContext, kubeconfig } = preparation.provider;
  const target = { namespace: place.namespace, kubeContext, kubeconfig };
  const shown = {
    ...settings,
    ...Object.fromEntries(Object.keys(secrets).map((path) => [path, masked])),
    ...(Object.keys(values).length > 0 && { values }),
  };
  return [
    file === undefined
      ? `The release ${place.releaseName} in ${place.namespace} goes back to the stack ${identity.stack}, whose settings stay as they are.`
      : `${file} and the release ${place.releaseName} in ${place.namespace} become the stack ${identity.stack}.`,
    section("Settings", Object.keys(shown).length === 0 ? "" : formatYaml(shown)),
    section("Left out", rows(dropped.map(({ path, why }) => [path, why]))),
    section(
      "Where the file is not what the release runs with; the file counts",
      rows(differences.map(({ path, how }) => [path, how])),
    ),
    differences.some(({ how }) => how !== "only in the file")
      ? `\nWhat the release runs with: ${helm(target, `get values ${place.releaseName} -o yaml > provider.yaml`)}`
      : "",
    section("Chart", chartChange(chart, identity.stack) ?? ""),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The steps of an adoption, as commands where they are some. */
export function shownCommands(preparation: Preparation): string[] {
  const { identity, translation, secrets, place, names, imported } = preparation;
  const { kubeContext, kubeconfig } = preparation.provider;
  const target = { namespace: place.namespace, kubeContext, kubeconfig };
  return [
    ...(preparation.isNewStack ? [shownCommand(initCommand(identity))] : []),
    ...settingCommands(identity, translation).map(shownCommand),
    shownCommand(parentsCommand(identity, imported)),
    ...secrets.map(
      (name) =>
        `${kubectl(target, `annotate secret ${name} ${keepPolicy.annotation}=${keepPolicy.value}`)} (and its field managers become Pulumi's)`,
    ),
    `(the credentials are taken out of Helm's history of ${place.releaseName}, and a CA's, if any, out of the ConfigMap ${names.letsEncryptConfigMap})`,
    `${shownCommand(importCommand(identity, "…"))} (${imported.map(({ type, id }) => `${type.split(":").at(-1) ?? type} ${id}`).join(", ")})`,
    shownCommand(previewCommand(identity)),
  ];
}

function section(title: string, text: string): string {
  return text === "" ? "" : `\n${title}:\n${text.trimEnd().replace(/^(?=.)/gm, "  ")}`;
}

function rows(cells: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...cells.map(([first]) => first.length));
  return cells.map(([first, second]) => `${first.padEnd(width)}  ${second}`).join("\n");
}
