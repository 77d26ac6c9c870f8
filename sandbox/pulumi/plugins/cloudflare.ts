import { cloudflarePlugin } from "./cloudflare/plugin.ts";
import { servePlugin } from "./serve.ts";

await servePlugin(cloudflarePlugin);
