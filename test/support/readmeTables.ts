import { readFileSync } from "node:fs";
import ts from "typescript";
import { repairs } from "../../chart/repairs.ts";
import { troubles } from "../../doctor/troubleshooting.ts";

/**
 * The README's tables that say what the code says, so that they are written from it: between
 * `<!-- name -->` and `<!-- /name -->`.
 */
export const readmeTables: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  repairs: repairsTable,
  troubleshooting: troubleshootingTable,
};

/** The README's text with its tables written anew. */
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

const file = "config/settings.ts";

/** The settings with their doc comments; a comment holds for the settings under it that have none. */
function settingsTable(): string {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const rows: { names: string[]; comment: string }[] = [];
  const add = (name: string, comment: string | undefined) => {
    const last = rows.at(-1);
    if (comment === undefined && last !== undefined) {
      last.names.push(name);
    } else {
      rows.push({ names: [name], comment: comment ?? "" });
    }
  };
  for (const property of objectOf(source, "settings")) {
    const name = property.name.getText();
    add(name, docComment(property));
    if (name === "dns" || name === "ingress") {
      for (const { option, documented } of unionOptions(source, name)) {
        add(option, docComment(documented));
      }
    }
  }
  return table(
    ["Setting", "What it is"],
    rows.map(({ names, comment }) => [
      names.map((name) => `\`${name}\``).join(", "),
      comment.replaceAll("|", "\\|"),
    ]),
  );
}

function declaration(source: ts.SourceFile, name: string): ts.Expression {
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name: declared, initializer } of statement.declarationList.declarations) {
        if (declared.getText() === name && initializer !== undefined) {
          return ts.isSatisfiesExpression(initializer) ? initializer.expression : initializer;
        }
      }
    }
  }
  throw new Error(`${file} declares no ${name}`);
}

function objectOf(source: ts.SourceFile, name: string): ts.PropertyAssignment[] {
  const expression = declaration(source, name);
  return ts.isObjectLiteralExpression(expression)
    ? expression.properties.filter(ts.isPropertyAssignment)
    : [];
}

/** The options of a discriminated union, with the discriminator's value where they belong to one alternative. */
function unionOptions(source: ts.SourceFile, name: string) {
  const options: { readonly option: string; readonly documented: ts.Node }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const value = /literal\("(.*)"\)/.exec(node.getText())?.[1] ?? "";
      for (const property of node.properties.slice(1)) {
        const option = `${name}.${property.name?.getText() ?? ""} (${value})`;
        // An option that the alternatives share is declared once, with its comment there.
        const documented = ts.isShorthandPropertyAssignment(property)
          ? declaration(source, property.name.text).parent.parent.parent
          : property;
        options.push({ option, documented });
      }
    } else {
      ts.forEachChild(node, visit);
    }
  };
  visit(declaration(source, name));
  return options;
}

function docComment(node: ts.Node): string | undefined {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(doc?.comment);
  return text?.replace(/\s*\n\s*/g, " ");
}
