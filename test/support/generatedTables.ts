import { repairs } from "../../chart/repairs.ts";
import { troubles } from "../../doctor/troubleshooting.ts";
import { dirname } from "node:path";
import { messageAreas, messageList } from "./messageList.ts";
import { alternativesOf, fullDescription, propertiesOf, settingSchemas } from "./settingSchemas.ts";

/** The generated blocks of each page: what stands between `<!-- name -->` and `<!-- /name -->` is written from the code. */
export const generatedBlocks: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "docs/settings.md": { settings: settingsTables },
  "docs/architecture.md": { repairs: repairsTable },
  "docs/troubleshooting.md": { troubleshooting: troubleshootingTable },
  "docs/messages.md": { messages: messageTables },
};

/** A page's text with its generated blocks written anew. */
export function withBlocks(page: string, text: string): string {
  return Object.entries(generatedBlocks[page] ?? {}).reduce((result, [name, block]) => {
    const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
    return result.replace(
      place,
      (_all, begin: string, end: string) => `${begin}${block()}\n${end}`,
    );
  }, text);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function repairsTable(): string {
  return table(
    ["Repair", "What is wrong without it", "Where, in the chart", "Chart versions"],
    repairs.map(({ name, defect, chartFile, chartVersions }) => [
      `\`${name}\``,
      defect,
      chartFile,
      `\`${chartVersions}\``,
    ]),
  );
}

function troubleshootingTable(): string {
  return table(
    ["What you see", "What it means", "What to do"],
    troubles.map(({ sign, meaning, remedy }) => [sign, meaning, remedy].map(cell)),
  );
}

/** The settings by what they are about, each in one group. */
const settingGroups: Readonly<Record<string, readonly string[]>> = {
  Identity: ["from", "walletKey", "walletPassword", "domain", "email", "website", "attributes"],
  Certificate: ["acmeDirectory", "allowOtherDirectory", "challenge", "wildcard"],
  DNS: ["dns"],
  Ingress: ["ingress"],
  "Chain and price": [
    ...["node", "chainid", "withdrawalperiod", "bidmindeposit", "bidPriceScript"],
    "price_target_*",
  ],
  "Chart and cluster": [
    ...["namespace", "releaseName", "chart", "chartVersion", "timeout", "maxHistory"],
    ...["storageClass", "kubeContext", "accept", "values"],
  ],
};

function groupOf(name: string): string {
  const groups = Object.entries(settingGroups).filter(([, names]) =>
    names.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one)),
  );
  const [[group] = []] = groups;
  if (group === undefined || groups.length > 1) {
    throw new Error(`the setting ${name} is in ${groups.length} groups of settingGroups`);
  }
  return group;
}

/** A table for each group of settings, with the options inside a setting such as `dns`. */
function settingsTables(): string {
  const groups = Map.groupBy(propertiesOf(settingSchemas()), ([name]) => groupOf(name));
  return Object.keys(settingGroups)
    .map((group) => `## ${group}\n\n${settingsTable(groups.get(group) ?? [])}\n`)
    .join("\n");
}

/** Settings that have the same description share a row; an option of several alternatives has one row for all. */
function settingsTable(settings: ReturnType<typeof propertiesOf>): string {
  const rows: { names: string[]; text: string }[] = [];
  const add = (name: string, text: string) => {
    const last = rows.at(-1);
    if (last?.text === text) {
      last.names.push(name);
    } else {
      rows.push({ names: [name], text });
    }
  };
  for (const [name, schema, required] of settings) {
    add(name, fullDescription(schema, required));
    const options = alternativesOf(schema).flatMap(([choice, alternative]) =>
      propertiesOf(alternative)
        .filter(([, { const: constant }]) => constant === undefined)
        .map(([option, optionSchema, optionRequired]) => ({
          option,
          choice,
          text: fullDescription(optionSchema, optionRequired),
        })),
    );
    for (const [option, ofChoices] of Map.groupBy(options, (one) => one.option)) {
      const texts = Map.groupBy(ofChoices, ({ text }) => text);
      const all = ofChoices.length === alternativesOf(schema).length;
      add(
        `${name}.${option}`,
        [...texts]
          .map(([text, same]) =>
            all && texts.size === 1
              ? text
              : `${same.map(({ choice }) => `\`${choice}\``).join(", ")}: ${text}`,
          )
          .join(" "),
      );
    }
  }
  return table(
    ["Setting", "Description"],
    rows.map(({ names, text }) => [names.map((name) => `\`${name}\``).join(", "), cell(text)]),
  );
}

function messageTables(): string {
  const messages = messageList();
  return messageAreas
    .map(({ title, about, fix, folders }) => {
      const rows = messages
        .filter(({ file }) => folders.test(dirname(file)))
        .map(({ report, remedy }) => [quoted(report), remedy === "" ? "—" : quoted(remedy)]);
      return `## ${title}\n\n${about} ${fix}\n\n${table(["Message and cause", "Fix"], rows)}\n`;
    })
    .join("\n");
}

/** Text of a message as Markdown shows it, whatever characters it has. */
function quoted(text: string): string {
  return cell(text).replace(/[<*_]/g, "\\$&");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
