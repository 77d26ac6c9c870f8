import { join, relative } from "node:path";

/**
 * Where Helm finds the post-renderer that repairs the chart: relative to the program, since an absolute path would be a
 * difference on every other machine. In this project it is `chart/postrender`; in another, whose program uses the
 * installed package, it is below `node_modules`.
 */
export function defaultPostrender(): string {
  return relative(process.cwd(), join(import.meta.dirname, "../chart/postrender"));
}
