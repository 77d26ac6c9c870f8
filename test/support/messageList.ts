import { globSync } from "node:fs";
import ts from "typescript";
import { commandsIn, parsed, sources, textOf } from "./messageCommands.ts";

/** A message of the program's sources, with `…` for what the program puts in. */
export interface Message {
  /** The source file. */
  readonly file: string;
  /** What the message reports, with its cause. */
  readonly report: string;
  /** The sentences from the first instruction or command on; empty where the report is all. */
  readonly remedy: string;
}

/** The parts of the program that report messages, in the order in which an operator meets them. */
export const messageAreas: readonly {
  readonly title: string;
  /** The common cause of these messages. */
  readonly about: string;
  /** The fix for a message that contains none. */
  readonly fix: string;
  readonly folders: RegExp;
}[] = [
  {
    title: "Settings",
    about:
      "A setting in `stacks/Pulumi.<stack>.yaml` is missing, unknown or wrong. Nothing was changed. A message begins with the name of the setting.",
    fix: "Run the `pulumi config` command below the message.",
    folders: /^config/,
  },
  {
    title: "Components and cluster",
    about:
      "The cluster, its permissions or an object in it prevents the deployment, or a component has a wrong argument.",
    fix: "Remove the cause, then run `pulumi up -s <stack>` again.",
    folders: /^components(\/ingressCertificate|\/rollout)?$/,
  },
  {
    title: "DNS credential, zone and rotation",
    about:
      "Google Cloud or Cloudflare refuses a call, or the zone does not fit. The credential in use stays.",
    fix: "Remove the cause, then run `pulumi up -s <stack>` again, which continues.",
    folders: /^(components\/dnsCredential|dns)/,
  },
  {
    title: "Chart",
    about:
      "The manifest that Helm rendered would not give the provider its certificate. Helm applied nothing.",
    fix: "Deploy a chart version that [the repairs support](architecture.md#chart-repairs), or remove the cause from the setting `values`.",
    folders: /^chart/,
  },
  {
    title: "adopt",
    about:
      "The values file, the release or the stack prevents the adoption, or the report of an adoption has a remark. A refusal changes nothing.",
    fix: "Remove the cause, then run `npm run adopt` again.",
    folders: /^adopt/,
  },
  {
    title: "doctor",
    about:
      "The doctor could not check something. [Troubleshooting](troubleshooting.md) lists its findings.",
    fix: "Remove the cause, then run `npm run doctor -- -s <stack>` again.",
    folders: /^doctor/,
  },
  {
    title: "fleet",
    about: "A stack has failed, or its row in the table has a remark.",
    fix: "Remove the cause, then run the same command again, which continues.",
    folders: /^fleet/,
  },
  {
    title: "Policies",
    about: "A policy refuses a resource.",
    fix: "Change the setting that the message names, then run `pulumi preview -s <stack>`.",
    folders: /^policy/,
  },
  {
    title: "Commands, files and network",
    about:
      "The machine, a command line, Pulumi, a kubeconfig or a proxy prevents the run. Nothing was changed.",
    fix: "Remove the cause, then run the same command again.",
    folders: /^(lib|startup)/,
  },
];

/** Files whose texts are in a table of their own, in a help text, or in a report of what was done. */
const elsewhere =
  /^(doctor\/(checks\/|troubleshooting)|chart\/(repairs|renewalRetry)\.ts|adopt\/(adopt|outcome|report)\.ts|doctor\/openMetrics\.ts|\w+\/arguments\.ts|fleet\/list\.ts|config\/(settings|dnsSetting|wildcardSetting)\.ts)/;

/** Properties whose texts are in docs/settings.md or in a help text. */
const describing = new Set(["command", "description", "note", "unset", "usage"]);

/** Every text of the sources that an operator can meet as a message. */
export function messageList(): readonly Message[] {
  return globSync(sources)
    .filter((file) => !elsewhere.test(file))
    .sort()
    .flatMap((file) => [...new Set(textsIn(file))].filter(isMessage).map(messageIn(file)));
}

function textsIn(file: string): readonly string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) ||
      ts.isTypeNode(node) ||
      (ts.isPropertyAssignment(node) && describing.has(node.name.getText()))
    ) {
      return;
    }
    const problem = settingProblem(node);
    if (problem !== undefined) {
      texts.push(problem);
      return;
    }
    const text = textOf(node);
    if (text !== undefined) {
      texts.push(
        text
          .replaceAll("{}", "…")
          .replace(/\s*\n\s*/g, " ")
          .trim(),
      );
    }
    ts.forEachChild(node, (child) => {
      // The parts of a text are in the text already, but for what is put in.
      if (text === undefined || ts.isTemplateSpan(child)) {
        visit(ts.isTemplateSpan(child) ? child.expression : child);
      }
    });
  };
  visit(parsed(file));
  return texts;
}

/** The message of a setting's problem (config/fix.ts), with the setting's name. */
function settingProblem(node: ts.Node): string | undefined {
  if (!ts.isObjectLiteralExpression(node)) {
    return undefined;
  }
  const [setting, problem] = ["setting", "problem"].map((name) =>
    node.properties
      .filter(ts.isPropertyAssignment)
      .filter((property) => property.name.getText() === name)
      .map(({ initializer }) => textOf(initializer))
      .at(0),
  );
  return setting === undefined || problem === undefined
    ? undefined
    : `${setting} ${problem}`.replaceAll("{}", "…");
}

/** Whether a text is at least part of a sentence, and neither a script nor a command alone. */
function isMessage(text: string): boolean {
  return (
    /[a-z]{2,} (?:.* )?[a-z]{2,} (?:.* )?[a-z]{2,}/.test(text) &&
    // Not a part that continues a sentence, such as ", too many requests", and not a script.
    /^(?:[A-Z…`]|--|(?:a|an|cannot|contains|does|has|have|is|it|must|names|no|the|there|what)\b|[\w.]+ (?:is|has|cannot|must) )/.test(
      text,
    ) &&
    !text.startsWith("#!") &&
    !/^(?:\w+=\S+ )?(?:pulumi|npm|kubectl|helm|gcloud|curl|sed|get|exec|-) /.test(text)
  );
}

/** A sentence that begins with what to do. */
const instruction =
  /(?:^|(?<=[.:;] ))(?:Add|Allow|Ask|Check|Choose|Continue|Create|Delete|Deploy|Either|Enable|Finish|Fix|Free|Give|Install|Leave|Let|Log|Look|Make|Move|Name|Open|Or |Pass|Put|Remove|Rename|Replace|Run|Say|See|Set|Start|Take|To |Try|Update|Use|Wait|Whoever|With|Without|Write)\b/;

function messageIn(file: string): (text: string) => Message {
  return (text) => {
    const command = commandsIn(text.replaceAll("…", "{}"))[0]?.replaceAll("{}", "…");
    const ends = [
      text.search(instruction),
      command === undefined ? -1 : sentenceStart(text, text.indexOf(command)),
    ].filter((index) => index > 0);
    const end = ends.length === 0 ? text.length : Math.min(...ends);
    return { file, report: text.slice(0, end).trim(), remedy: text.slice(end).trim() };
  };
}

function sentenceStart(text: string, index: number): number {
  return Math.max(...[". ", "; "].map((mark) => text.lastIndexOf(mark, index))) + 1;
}
