import { runCommand } from "./errors.ts";
import { runTool } from "./runTool.ts";

await runCommand(() => runTool("pulumi"));
