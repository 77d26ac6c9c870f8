import { repairs } from "../../chart/repairs.ts";
import { troubles } from "../../doctor/troubleshooting.ts";
import { alternativesOf, fullDescription, propertiesOf, settingSchemas } from "./settingSchemas.ts";

/** The README's tables that are generated from the code, between `<!-- name -->` and `<!-- /name -->`. */
export const readmeTables: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  repairs: repairsTable,
  troubleshooting: troubleshootingTable,
};

/** The README's text with regenerated tables. */
export function withTables(readme: string): string {
  return Object.entries(readmeTables).reduce((text, [name, table]) => {
    const block = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- /${name} -->)`);
    return text.replace(block, (_all, begin: string, end: string) => begin + table() + end);
  }, readme);
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
    troubles.map(({ sign, meaning, remedy }) =>
      [sign, meaning, remedy].map((cell) => cell.replaceAll("|", "\\|")),
    ),
  );
}

/**
 * The settings, with the options inside `dns` and `ingress`; consecutive ones with the same description share a
 * row.
 */
function settingsTable(): string {
  const rows: { names: string[]; text: string }[] = [];
  const add = (name: string, text: string) => {
    const last = rows.at(-1);
    if (last?.text === text) {
      last.names.push(name);
    } else {
      rows.push({ names: [name], text });
    }
  };
  for (const [name, schema, required] of propertiesOf(settingSchemas())) {
    add(name, fullDescription(schema, required));
    for (const [choice, alternative] of alternativesOf(schema)) {
      for (const [option, optionSchema, optionRequired] of propertiesOf(alternative)) {
        if (optionSchema.const === undefined) {
          add(`${name}.${option} (${choice})`, fullDescription(optionSchema, optionRequired));
        }
      }
    }
  }
  return table(
    ["Setting", "What it is"],
    rows.map(({ names, text }) => [
      names.map((name) => `\`${name}\``).join(", "),
      text.replaceAll("|", "\\|"),
    ]),
  );
}
