import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { commandLine, flag, value, values } from "../../../lib/commandLine.ts";
import { UsageError } from "../../../lib/errors.ts";

describe("a command line", () => {
  const number = (text: string) => {
    if (!/^\d+$/.test(text)) {
      throw new UsageError(`${text} is not a number`);
    }
    return Number(text);
  };
  const line = commandLine(
    {
      command: "npm run feed --",
      usage: "-n <name> [animals...] [options]",
      description: ["Feeds the animals.", "All of them."],
      parameters: {
        animals: values("[animals...]", "which; default: all", (text) => text.toUpperCase()),
        name: value("-n, --name <name>", "who feeds", { missing: "Who feeds?" }),
        food: value("--food <what>", "what they get"),
        portions: value("--portions <count>", "how many", { read: number, default: "2" }),
        weights: values("--weight <kg>", "can be repeated", number),
        quiet: flag("--quiet", "wake nobody"),
        dark: flag("--dark", "without light"),
      },
      exits: { 0: "fed", 7: "wrong usage" },
      codes: { failure: 8, usage: 7 },
    },
    (found) => {
      if (found.dark && found.quiet) {
        throw new UsageError("--dark and --quiet do not go together");
      }
      return found;
    },
  );
  const parse = (...args: readonly string[]) => line.parse(args);
  const nothing = {
    animals: [],
    name: "a",
    food: undefined,
    portions: 2,
    weights: [],
    quiet: false,
    dark: false,
  };

  it("returns each parameter's typed value, or the default", () => {
    assert.deepEqual(parse("-n", "a"), nothing);
    assert.deepEqual(
      parse("cat", "--weight=1", "-na", "--portions", "2", "dog", "--weight", "3", "--quiet"),
      { ...nothing, animals: ["CAT", "DOG"], weights: [1, 3], quiet: true },
    );
    // The inferred type is also correct.
    const portions: number | undefined = parse("-n", "a")?.portions;
    assert.equal(portions, 2);
  });

  it("accepts a value with a leading hyphen in the form --name=value", () => {
    assert.equal(parse("--name=-a")?.name, "-a");
    assert.deepEqual(parse("-n", "a", "--", "--quiet")?.animals, ["--QUIET"]);
  });

  it("prints the whole help text, also with invalid arguments", () => {
    const written: string[] = [];
    assert.equal(
      line.parse(["--help", "--bogus"], (text) => written.push(text)),
      undefined,
    );
    assert.equal(
      written.join(""),
      `Usage: npm run feed -- -n <name> [animals...] [options]

Feeds the animals.

All of them.

Arguments:
  animals             which; default: all

Options:
  -n, --name <name>   who feeds
  --food <what>       what they get
  --portions <count>  how many (default: 2)
  --weight <kg>       can be repeated
  --quiet             wake nobody
  --dark              without light
  -h, --help          show this text

Exit codes:
  0  fed
  7  wrong usage
`,
    );
  });

  for (const [args, sentence] of [
    [[], "Who feeds?"],
    [["-n", "a", "--fod", "b"], "Unknown option '--fod'. (Did you mean --food?)"],
    [["-n", "a", "-x"], "Unknown option '-x'."],
    [["-n"], "Option '-n, --name <name>' argument missing."],
    [["-n", "--quiet"], "--name has no value; if --quiet is its value, write --name=--quiet."],
    [["-n", ""], "--name is empty."],
    [["--name="], "--name is empty."],
    [["-n", "a", ""], "animals is empty."],
    [["-n", "a", "-n", "a"], "--name is set more than once."],
    [["-n", "a", "--portions", "2", "--portions", "3"], "--portions is set more than once."],
    [["-n", "a", "--portions", "many"], "many is not a number."],
    [["-n", "a", "--weight", "1", "--weight", "some"], "some is not a number."],
    [["-n", "a", "--quiet=yes"], "--quiet takes no value."],
    [["-n", "a", "--quiet="], "--quiet takes no value."],
    [["--help=yes"], "--help takes no value."],
    [["-n", "a", "--dark", "--quiet"], "--dark and --quiet do not go together."],
  ] as const) {
    it(`refuses ${JSON.stringify(args)} with a sentence and the command for the help text`, () => {
      assert.throws(() => parse(...args), {
        name: "UsageError",
        message: `${sentence} See npm run feed -- --help.`,
      });
    });
  }

  it("refuses too many arguments", () => {
    const none = { command: "npm start --", usage: "", description: [], parameters: {} };
    assert.throws(() => commandLine(none).parse(["a"]), {
      message: "Too many arguments. Expected 0 arguments but got 1: a. See npm start -- --help.",
    });
    const tooMany = (words: readonly string[]) => `Not ${words.join(" and ")}`;
    assert.throws(() => commandLine({ ...none, tooMany }).parse(["a", "b"]), {
      message: "Not a and b. See npm start -- --help.",
    });
  });

  it("leaves other errors unchanged", () => {
    const error = new TypeError("a bug");
    const broken = commandLine({
      command: "npm start --",
      usage: "",
      description: [],
      parameters: {
        a: value("-a <a>", "", {
          read: () => {
            throw error;
          },
        }),
      },
    });
    assert.throws(() => broken.parse(["-a", "b"]), error);
  });
});

describe("a command", () => {
  /** Runs a command of the line `npm run feed`, in its own process. */
  function run(main: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const { DEBUG: _, ...inherited } = process.env;
    const script = `
      import { commandLine, flag, runCommandLine } from "./lib/commandLine.ts";
      import { UserError } from "./lib/errors.ts";
      const line = commandLine({
        command: "npm run feed --",
        usage: "[options]",
        description: [],
        parameters: { quiet: flag("--quiet", "wake nobody") },
        codes: { failure: 8, usage: 7 },
      });
      await runCommandLine(line, async ({ quiet }) => { ${main} });
    `;
    return spawnSync(process.execPath, ["--input-type=module", "-e", script, "feed", ...args], {
      encoding: "utf8",
      env: { ...inherited, ...environment },
    });
  }
  const stackLine = /\n\s+at /;

  it("gets its values, and sets the exit code of the process", () => {
    const { status, stdout } = run("console.log(quiet); return 5;", ["--quiet"]);
    assert.deepEqual({ status, stdout }, { status: 5, stdout: "true\n" });
  });

  it("does not run for the help text", () => {
    const { status, stdout, stderr } = run("throw new Error();", ["--help"]);
    assert.match(stdout, /^Usage: npm run feed -- \[options\]\n/);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  });

  it("colours the help text where colours are enabled, and never with NO_COLOR", () => {
    const bold = "\u001b[1mUsage:\u001b[22m";
    const environment = { FORCE_COLOR: "1", NO_COLOR: "" };
    assert(run("", ["--help"], environment).stdout.startsWith(bold));
    const { stdout } = run("", ["--help"], { ...environment, NO_COLOR: "1" });
    assert(stdout.startsWith("Usage:") && !stdout.includes("\u001b"));
  });

  it("fails with a sentence for a user's error, and with a stack trace for a defect", () => {
    const wrong = run("return 0;", ["--bogus"]);
    assert.equal(wrong.stderr, "Unknown option '--bogus'. See npm run feed -- --help.\n");
    assert.equal(wrong.status, 7);
    const refused = run(`throw new UserError("No food.");`, []);
    assert.equal(refused.stderr, "No food.\n");
    assert.equal(refused.status, 8);
    const broken = run(`throw new Error("No food.");`, []);
    assert.match(broken.stderr, stackLine);
    assert.equal(broken.status, 8);
  });

  it("fails with a sentence without control characters", () => {
    const { stderr } = run(
      String.raw`throw new UserError("No \u001b[2J\u202efood.\n  \u009bSee.");`,
      [],
    );
    assert.equal(stderr, "No \\u001b[2J\\u202efood.\n  \\u009bSee.\n");
  });

  it("prints every stack trace with DEBUG", () => {
    assert.match(run("return 0;", ["--bogus"], { DEBUG: "1" }).stderr, stackLine);
    assert.match(run(`throw new UserError("No food.");`, [], { DEBUG: "1" }).stderr, stackLine);
  });
});
