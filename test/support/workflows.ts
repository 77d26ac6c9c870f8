import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";

/** The fields of a job's step that tests read. */
export interface WorkflowStep {
  readonly id?: string;
  readonly uses?: string;
  /** A shell script. */
  readonly run?: string;
}

/** The fields of a workflow's job that tests read. */
export interface WorkflowJob {
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly strategy?: {
    readonly "fail-fast": boolean;
    readonly matrix: { readonly stack: string };
  };
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly WorkflowStep[];
}

/** A workflow of GitHub Actions. */
export interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

/** The example's workflows, by file name. */
export const workflowFiles = globSync("examples/github-actions/*.yaml").sort();

export const workflows: Readonly<Record<string, Workflow>> = Object.fromEntries(
  workflowFiles.map((file) => [
    basename(file, ".yaml"),
    parse(readFileSync(file, "utf8")) as Workflow,
  ]),
);
