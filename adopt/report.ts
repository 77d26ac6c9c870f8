import { helm, kubectl } from "../lib/clusterCommand.ts";
import { formatYaml } from "../lib/yaml.ts";
import { defaultGatewayNamespace, defaultWildcardSecret } from "../chart/gateway.ts";
import { chartChange } from "./chartVersions.ts";
import { keepPolicy } from "./cluster/runningProvider.ts";
import type { WildcardCertificate } from "./cluster/wildcardCertificates.ts";
import {
  importCommand,
  initCommand,
  parentsCommand,
  previewCommand,
  secretCommands,
  settingsInClear,
} from "./plan.ts";
import type { Preparation } from "./prepare.ts";
import { shownCommand } from "./pulumi.ts";
import { joined, shell, type ShellText } from "../lib/shell.ts";
import { printableLine } from "../lib/printable.ts";
import { stackFileName } from "../lib/stackFile.ts";
import { credentialLookalikes } from "../config/lookalikes.ts";
import { pathText } from "../config/fix.ts";
import { isMap, type ValueMap } from "../lib/json.ts";

/** The text in place of every secret. */
const masked = "[secret]";

/** What an adoption does, for machines. Contains no secret. */
export function summary(preparation: Preparation) {
  const { identity, place, translation, imported, differences, exponents, chart } = preparation;
  const { taken = [], accepted = [], handSet = [], wildcards = [], warnings = [] } = preparation;
  return {
    stack: identity.stack,
    ...place,
    chart,
    settings: translation.settings,
    secrets: Object.keys(translation.secrets),
    values: withMasked(translation.values),
    dropped: translation.dropped,
    taken,
    accepted,
    credentialLookalikes: credentialLookalikes(translation.values).map((path) =>
      pathText(["values", ...path]),
    ),
    differences,
    exponents,
    handSet,
    wildcards,
    warnings,
    imported: imported.map(({ type, name, id }) => ({ type, name, id })),
    commands: shownCommands(preparation),
  };
}

/** What an adoption does, for people. Contains no secret. */
export function planText(file: string | undefined, preparation: Preparation): string {
  const { identity, place, translation, differences, exponents, chart } = preparation;
  const { settings, secrets, values, dropped } = translation;
  const { taken = [], accepted = [], repeated = [], handSet = [], warnings = [] } = preparation;
  const { wildcards = [] } = preparation;
  const [wildcard] = wildcards;
  const { kubeContext, kubeconfig } = preparation.provider;
  const target = { namespace: place.namespace, kubeContext, kubeconfig };
  const shown = {
    ...settings,
    ...Object.fromEntries(Object.keys(secrets).map((path) => [path, masked])),
    ...(Object.keys(values).length > 0 && { values: withMasked(values) }),
  };
  return [
    file === undefined
      ? `The release ${place.releaseName} in ${place.namespace} returns to the stack ${identity.stack}, whose settings stay unchanged.`
      : `${file} and the release ${place.releaseName} in ${place.namespace} become the stack ${identity.stack}.`,
    section(
      "Taken from the release, since the file does not contain it",
      rows(taken.map((path) => [printableLine(path), "only in the release"])),
    ),
    section("Settings", Object.keys(shown).length === 0 ? "" : formatYaml(shown)),
    section(
      "Accepted, since the provider runs with it; a new stack would refuse it",
      rows(accepted.map(({ subject, problem }) => [printableLine(subject), problem])),
    ),
    section(
      "More than once in the file; the last one is used, as in Helm",
      rows(repeated.map(({ path, lines }) => [printableLine(path), `lines ${lines.join(", ")}`])),
    ),
    section("Left out", rows(dropped.map(({ path, why }) => [path, why]))),
    section(
      "Differences between the file and the release; the file is used",
      rows(differences.map(({ path, how }) => [path, how])),
    ),
    taken.length > 0 || differences.some(({ how }) => how !== "only in the file")
      ? `\nValues of the release: ${helm(target, shell`get values ${place.releaseName} -o yaml > provider.yaml`)}`
      : "",
    section(
      "Numbers with an exponent in the release, which the provider may not be able to read; the next up writes the digits",
      rows(exponents.map(({ path, printed, digits }) => [path, `${printed} becomes ${digits}`])),
    ),
    section(
      "Set by hand in the pod, and not in the release",
      rows(
        handSet.map(({ container, name, isKept }) => [
          printableLine(`${name} (container ${container})`),
          isKept ? "the next up keeps it" : "the next up restores the chart's value",
        ]),
      ),
    ),
    section(
      "The tenants' certificate, which cert-manager continues to obtain with its own credential",
      rows(
        wildcards.map(({ namespace, name, dnsNames, issuer }) => [
          `Certificate ${name} in ${namespace}`,
          `${dnsNames.join(", ")} by ${issuer}`,
        ]),
      ),
    ),
    wildcard === undefined
      ? ""
      : `To have the stack obtain it with the credential that it rotates (docs/wildcard.md): ${handOverCommand(identity.stack, wildcard)}`,
    section("Warnings", warnings.join("\n")),
    section(
      "Values that look like credentials, in plain text in the stack's file and in Helm's history; store them in a Secret that the chart reads",
      credentialLookalikes(values)
        .map((path) => printableLine(pathText(["values", ...path])))
        .join("\n"),
    ),
    section("Chart", chartChange(chart, identity.stack) ?? ""),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The steps of an adoption, as commands where possible. */
export function shownCommands(preparation: Preparation): string[] {
  const { identity, translation, secrets, place, names, imported } = preparation;
  const { kubeContext, kubeconfig } = preparation.provider;
  const target = { namespace: place.namespace, kubeContext, kubeconfig };
  return [
    ...(preparation.isNewStack ? [shownCommand(initCommand(identity))] : []),
    ...(Object.keys(settingsInClear(translation)).length > 0
      ? [`(the settings above are written into ${stackFileName(identity.stack)})`]
      : []),
    ...secretCommands(identity, translation).map(shownCommand),
    shownCommand(parentsCommand(identity, imported)),
    ...secrets.map(
      (name) =>
        `${kubectl(target, shell`annotate secret ${name} ${keepPolicy.annotation}=${keepPolicy.value}`)} (and its field managers become Pulumi's)`,
    ),
    `(the credentials are removed from Helm's history of ${place.releaseName}, and a CA's, if any, from the ConfigMap ${names.letsEncryptConfigMap})`,
    `${shownCommand(importCommand(identity, "…"))} (${imported.map(({ type, id }) => `${type.split(":").at(-1) ?? type} ${id}`).join(", ")})`,
    shownCommand(previewCommand(identity)),
  ];
}

/** The preview of this command reports what is missing, and how to transfer the Secret. */
function handOverCommand(stack: string, { namespace, secretName }: WildcardCertificate): ShellText {
  const set = (option: string, value: string) =>
    shell`pulumi config set -s ${stack} --path ${`wildcard.${option}`} ${value}`;
  return joined(
    [
      set("issuer", "cert-manager"),
      ...(namespace === defaultGatewayNamespace ? [] : [set("namespace", namespace)]),
      ...(secretName === defaultWildcardSecret ? [] : [set("secretName", secretName)]),
      shell`pulumi preview -s ${stack}`,
    ],
    " && ",
  );
}

/** Values with everything masked that looks like a credential. */
function withMasked(values: ValueMap): ValueMap {
  const masks = new Set(credentialLookalikes(values).map((path) => pathText(path)));
  const within = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (masks.has(pathText(path))) {
      return masked;
    }
    if (Array.isArray(value)) {
      return value.map((item, index) => within(item, [...path, index]));
    }
    return isMap(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key, within(inner, [...path, key])]),
        )
      : value;
  };
  return within(values, []) as ValueMap;
}

function section(title: string, text: string): string {
  return text === "" ? "" : `\n${title}:\n${text.trimEnd().replace(/^(?=.)/gm, "  ")}`;
}

function rows(cells: readonly (readonly [string, string])[]): string {
  const lines = cells.map(
    ([first, second]) => [printableLine(first), printableLine(second)] as const,
  );
  const width = Math.max(0, ...lines.map(([first]) => first.length));
  return lines.map(([first, second]) => `${first.padEnd(width)}  ${second}`).join("\n");
}
