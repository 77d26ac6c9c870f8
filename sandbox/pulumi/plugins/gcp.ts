import { gcpPlugin } from "./gcp/plugin.ts";
import { servePlugin } from "./serve.ts";

await servePlugin(gcpPlugin);
