import { join, relative } from "node:path";

/**
 * Path of the post-renderer that repairs the chart, relative to the program, since an absolute path would differ on every
 * other machine. In this project the path is `chart/postrender`; in a program with the installed package it is below
 * `node_modules`.
 */
export function defaultPostrender(): string {
  return relative(process.cwd(), join(import.meta.dirname, "../chart/postrender"));
}
