import { runCommand } from "../../lib/errors.ts";
import { runTool } from "./runTool.ts";

await runCommand(() => runTool("helm"));
