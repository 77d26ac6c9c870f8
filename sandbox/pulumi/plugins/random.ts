import { randomPlugin } from "./random/plugin.ts";
import { servePlugin } from "./serve.ts";

await servePlugin(randomPlugin);
