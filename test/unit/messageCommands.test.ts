import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { troubles } from "../../doctor/troubleshooting.ts";
import { commandsIn, messageCommands } from "../support/messageCommands.ts";

/** Commands as a shell parses them: the programs that it runs, each with its arguments. */
type Arguments = Readonly<Record<string, readonly (readonly string[])[]>>;

const expectedFile = join(import.meta.dirname, "messageCommands.yaml");

/** Shows the effect of a command, and is not meant for pasting. */
const shown = ["pulumi config set -s {} --path --secret {} < …"];

/** Programs in the commands of messages, and programs in their pipes. */
const programs = [
  "curl",
  "date",
  "df",
  "dig",
  "du",
  "env",
  "find",
  "gcloud",
  "grep",
  "helm",
  "kubectl",
  "ls",
  "nslookup",
  "npm",
  "openssl",
  "pulumi",
  "rm",
  "sed",
  "sh",
  "sleep",
  "ssh",
  "tr",
  "wc",
];

/** Separates the fields of a record: no command contains it. */
const separator = "\x1f";

/** Pulumi commands about one stack, which is not always the selected stack. */
const aboutStack = /pulumi (?:up|preview|refresh|destroy|config|stack export)\b/;

/** The text that an interactive shell would expand from its history: bash up to 4.4 also does so in "$(…)". */
function recalled(command: string): string | undefined {
  const outside = command.replace(/\\.|"(?:\\.|[^"\\])*"|'[^']*'/g, (part) =>
    part.startsWith('"') ? part : "",
  );
  return /![^\s=(][^]*/.exec(outside)?.[0];
}

/** test/e2e/commandRuns.yaml lists which test in test/e2e runs a command with the real programs. */
describe("the commands in messages", () => {
  const ofMessages = messageCommands()
    .map(({ text }) => text)
    .filter((text) => !shown.includes(text));
  const ofDoctor = troubles.flatMap(({ remedy }) =>
    [...remedy.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command),
  );
  const commands = [...new Set([...ofMessages, ...ofDoctor])].sort();
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "commands-"));
    for (const name of [...programs, "x"]) {
      // One write for each call, because the programs of a pipe run at the same time.
      const script = `#!/bin/sh\nline=${name}\nfor word; do line="$line${separator}$word"; done\nprintf '%s\\n' "$line" >> "$RECORD"\n`;
      writeFileSync(join(folder, name), script, { mode: 0o755 });
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * The programs that a shell runs for a pasted command, in no particular order: the programs of a pipe run at the
   * same time.
   */
  function argumentsOf(command: string): readonly (readonly string[])[] {
    const record = join(folder, "record");
    // The reader's files: a key, a credentials file.
    for (const [, file = ""] of command.matchAll(/ < ([\w.-]+)/g)) {
      writeFileSync(join(folder, file), "");
    }
    const { status, stderr } = spawnSync(
      "/bin/bash",
      ["--norc", "-c", command.replaceAll("{}", "x")],
      {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: folder, RECORD: record },
      },
    );
    assert.equal(status, 0, `${command}\n${stderr}`);
    // The shell's own actions, such as setting a variable, run no program.
    const lines = existsSync(record)
      ? readFileSync(record, "utf8").split("\n").slice(0, -1).sort()
      : [];
    rmSync(record, { force: true });
    return lines.map((line) => line.split(separator));
  }

  it("are found in every message", () => {
    assert(commands.length > 60, `${commands.length}`);
    assert.deepEqual(commandsIn("Finish it first: pulumi up -s prod"), ["pulumi up -s prod"]);
    assert.deepEqual(commandsIn("the next pulumi up tries again"), ["pulumi up tries again"]);
    assert.deepEqual(commandsIn("it (kubectl get pod x), or `helm list -A`"), [
      "kubectl get pod x",
      "helm list -A",
    ]);
  });

  it("are found if only the source marks them", () => {
    for (const command of ["unset {}", "df -h {}", "sed -n {}p {}", "npm ci --prefix {}"]) {
      assert(commands.includes(command), command);
    }
  });

  it("name their stack", () => {
    assert.deepEqual(
      commands
        .flatMap((command) => command.split(" && "))
        .filter((command) => aboutStack.test(command) && !command.includes(" -s ")),
      [],
    );
  });

  it("have placeholders in quotes, not in brackets", () => {
    assert.deepEqual(
      commands.filter((command) => /<[^>]*>|…/.test(command)),
      [],
    );
  });

  it("do not expand the history of an interactive shell, including that of macOS", () => {
    assert.equal(recalled(`a '!b' "c ! d" ! e "$(f 'g!h')"`), "!h')\"");
    assert.deepEqual(
      commands.flatMap((command) => recalled(command) ?? []),
      [],
    );
  });

  it("are run end to end by a named test, or listed with the reason why not", () => {
    const runs = parse(readFileSync("test/e2e/commandRuns.yaml", "utf8")) as Readonly<
      Record<string, { readonly run?: string; readonly notRun?: string }>
    >;
    const ofTools = /^(?:\w+=\S+ )?(?:pulumi|npm|kubectl|helm) /;
    const given = messageCommands()
      .filter(({ file, text }) => !file.startsWith("doctor/") && ofTools.test(text))
      .map(({ text }) => text)
      .filter((text) => !shown.includes(text));
    assert.deepEqual(Object.keys(runs).sort(), [...new Set(given)].sort());
    for (const [command, { run, notRun }] of Object.entries(runs)) {
      assert((run === undefined) !== (notRun === undefined), command);
      const [file = "", title = ""] = run?.split(" › ") ?? [];
      assert(
        run === undefined || readFileSync(`test/e2e/${file}`, "utf8").includes(title),
        `${command}: ${file} has no test ${title}`,
      );
    }
  });

  it("pass the intended arguments to the programs, and a new command is reviewed", () => {
    const found: Arguments = Object.fromEntries(
      commands.map((command) => [command, argumentsOf(command)]),
    );
    if (process.env.UPDATE_GOLDEN !== undefined) {
      const comment =
        " The arguments that a shell passes for each command of a message; npm run golden writes this file. Review each change.\n";
      writeFileSync(
        expectedFile,
        `#${comment}${stringify(found, { flowCollectionPadding: false, lineWidth: 0 })}`,
      );
    }
    assert.deepEqual(found, parse(readFileSync(expectedFile, "utf8")));
  }).timeout(180_000);
});
