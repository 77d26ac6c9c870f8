import { testsOfCommand } from "../support/commands.ts";

describe("commands", () => {
  testsOfCommand("doctor/main.ts", {
    usage: "npm run doctor -- -s <stack> [options]",
    code: 3,
    wrong: [
      [[], /^Name the stack: /],
      [["-s", "a", "--bogus"], /Unknown option '--bogus'/],
      [["-s", "a", "--json=yes"], /--json takes no value/],
    ],
  });
  testsOfCommand("adopt/main.ts", {
    usage: "npm run adopt -- [<provider.yaml>] -s <stack> [options]",
    code: 2,
    wrong: [
      [["a.yaml"], /^Name the stack with -s/],
      [["-s", "a", "--dry-run=no"], /--dry-run takes no value/],
      [["a.yaml", "b.yaml", "-s", "a"], /^Name one values file/],
    ],
  });
  testsOfCommand("fleet/main.ts", {
    usage: "npm run fleet -- <preview|up|rotate|doctor> [options] [-- <options of the doctor>]",
    code: 2,
    wrong: [
      [[], /^Name an action: preview, up, rotate, doctor\./],
      [["up", "prod-1"], /^prod-1 is not an option; to name a stack: --stacks prod-1\./],
    ],
  });
});
