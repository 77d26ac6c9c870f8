import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { isPrintable, printable } from "../../../lib/printable.ts";
import { joined, placeholder, shell, shellWord, verbatim } from "../../../lib/shell.ts";

/** The words of a command after parsing by a shell. */
function wordsOf(command: string): readonly string[] {
  const { stdout, stderr, status } = spawnSync(
    "/bin/bash",
    [
      "--norc",
      "-c",
      `command_not_found_handle() { :; }; run() { printf '%s\\0' "$@"; }; ${command}`,
    ],
    { encoding: "utf8", env: { PATH: "/nowhere", LC_ALL: "C.UTF-8" } },
  );
  assert.equal(status, 0, `${command}\n${stderr}`);
  return stdout.split("\0").slice(0, -1);
}

const foreign = [
  "x$(touch /tmp/pwned)",
  "`touch /tmp/pwned`",
  "x; rm -r ~",
  "x && y | z > f < g",
  'it\'s "quoted" \\ \\n',
  "$HOME ~ * ? [a] {b,c} !! #",
  "=ls",
  "two\nlines\tand a tab",
  "\u001b[2J\u009b31m\u0007\u007f",
  "pro\u202edoof\u2066\u200b",
  "a tag \u{e0041}",
  "ümlaut",
  "",
];

describe("a command to paste", () => {
  for (const word of foreign) {
    it(`has ${JSON.stringify(word)} as one word`, () => {
      assert.deepEqual(wordsOf(shell`run ${word} --flag=${word} end`), [
        word,
        `--flag=${word}`,
        "end",
      ]);
      assert.deepEqual(wordsOf(shell`run '**::${word}' "say: ${word}" $'not'`), [
        `**::${word}`,
        `say: ${word}`,
        "not",
      ]);
      assert.deepEqual(wordsOf(`run ${shellWord(word)}`), [word]);
    });

    it(`can be printed and pasted with ${JSON.stringify(word)}`, () => {
      assert.deepEqual(wordsOf(printable(shell`run ${word}`)), [word]);
    });
  }

  it("expands no earlier command in an interactive shell", () => {
    for (const word of [...foreign, "wow!run", "it's!!", '"!run', "!-1!$"].filter(isPrintable)) {
      const command = shell`printf '%s|' ${word} --flag=${word} '**::${word}' "say: ${word}"`;
      const input = `set -o history -o histexpand\n: run before\n${command}\n`;
      const { stdout, stderr } = spawnSync("/bin/bash", ["--norc"], { input, encoding: "utf8" });
      assert.equal(stdout, `${word}|--flag=${word}|**::${word}|say: ${word}|`, stderr);
    }
    // The shell does expand its history here.
    const input = 'set -o history -o histexpand\necho 1\nprintf %s "!echo"\n';
    const { stdout } = spawnSync("/bin/bash", ["--norc"], { input, encoding: "utf8" });
    assert.equal(stdout, "1\necho 1");
  });

  it("leaves usual words and shell syntax unchanged", () => {
    assert.equal(
      shell`pulumi up -s ${"acme/site/prod-eu"} --replace '**::${"dns-key"}' "$(echo ${7})"`,
      "pulumi up -s acme/site/prod-eu --replace '**::dns-key' \"$(echo 7)\"",
    );
  });

  it("contains other commands and placeholders unchanged", () => {
    const first = shell`run ${"a b"}`;
    assert.equal(shell`${verbatim(first)} ${placeholder("value")}`, "run 'a b' 'VALUE'");
    assert.equal(joined([first, shell`run c`], " && "), "run 'a b' && run c");
  });
});
