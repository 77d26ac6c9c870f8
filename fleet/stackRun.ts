import { hostname } from "node:os";
import { relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Action } from "./action.ts";
import type { Changes, FleetStack, RunOptions } from "./automation.ts";
import { changeWords, stepOf, violationOf } from "./engineEvents.ts";
import { failureOf, isLocked, isLockOf, isUnfinishedRotation } from "./failure.ts";
import type { Entry } from "./journal.ts";
import type { DoctorResult } from "./doctorResult.ts";
import type { Progress, StackProgress } from "./progress.ts";
import { PulumiFailed } from "./pulumiProcess.ts";
import { isDue, managedCredential, type ManagedCredential } from "./rotation.ts";
import { isAlive } from "../lib/processIdentity.ts";
import { shell } from "../lib/shell.ts";
import { UserError } from "../lib/errors.ts";

/** The options of a fleet's action on one stack. */
export interface StackRunOptions {
  readonly action: Action;
  readonly stack: string;
  /** The project's folder. */
  readonly directory: string;
  /** The file for Pulumi's output. */
  readonly log: string;
  readonly policyPacks: readonly string[];
  /** Whether to rotate a credential that is not due. */
  readonly rotateAll: boolean;
  /** How many days before its date a credential is due. */
  readonly dueWithin: number;
  /** How long to wait while the doctor finds errors, in milliseconds. */
  readonly patience: number;
  /** Whether the stack exists in the backend. */
  readonly isThere: boolean;
  readonly progress: Progress;
  readonly open: () => Promise<FleetStack>;
  readonly look: () => Promise<DoctorResult>;
  /** Acts as the provider in the sandbox; undefined elsewhere. */
  readonly issue: (() => Promise<void>) | undefined;
  /** The entry of an earlier run for this stack. */
  readonly former: Entry | undefined;
  /** Called when the stack starts, and with the credential that is being replaced. */
  readonly begin: (more?: Partial<Entry>) => void;
  /** Aborted when all waiting must end. */
  readonly stopping: AbortSignal;
  readonly interrupting: AbortSignal;
}

/** The intervals between two runs of the doctor, and between two checks of another process, in milliseconds. */
const pause = { look: 5_000, process: 500 } as const;

/**
 * Runs the action on one stack, and then the doctor, except for a preview.
 *
 * @returns the result, which includes a failure
 */
export async function runStack(options: StackRunOptions): Promise<StackProgress> {
  const { stack, progress, action } = options;
  const violations: string[] = [];
  const report = (step: string) => progress.tell(stack, { state: "running", step });
  try {
    report(action);
    const did = await act(options, violations, report);
    if (action === "preview") {
      return progress.tell(stack, { state: "done", step: did });
    }
    const errors = await examine(options, report);
    if (errors.length > 0) {
      return progress.tell(stack, {
        state: "failed",
        step: `${did}; the doctor finds errors`,
        failure: errors.join("\n"),
      });
    }
    return progress.tell(stack, { state: "done", step: did });
  } catch (error) {
    return progress.tell(stack, {
      state: "failed",
      step: `${action} failed`,
      failure: failureOf(error, stack, violations),
    });
  }
}

type Report = (step: string) => unknown;

/** @returns a short description of what was done */
async function act(
  options: StackRunOptions,
  violations: string[],
  report: Report,
): Promise<string> {
  const { action, stack, isThere, open } = options;
  if (action === "doctor") {
    return "checked";
  }
  if (!isThere && action !== "up") {
    throw new UserError(
      `The stack ${stack} does not exist yet. Create it: ${shell`pulumi stack init ${stack}`}`,
    );
  }
  await endOfFormer(options, report);
  const one = await open();
  if (!isThere) {
    report("stack init");
    await one.create();
  }
  options.begin();
  const runner = new Runner(options, one, violations, report);
  switch (action) {
    case "preview":
      return changeWords(await runner.run("preview"));
    case "up":
      return `up, ${changeWords(await runner.run("up"))}`;
    case "rotate":
      return rotate(options, one, runner);
  }
}

/** Waits for the Pulumi process of an earlier run, which continues when the fleet's command is killed. */
async function endOfFormer({ former }: StackRunOptions, report: Report): Promise<void> {
  const process = former?.process;
  while (process !== undefined && isAlive(process)) {
    report(`waiting for the previous run: process ${process.pid}`);
    await delay(pause.process);
  }
}

/** Runs the program of one stack. */
class Runner {
  private readonly options: StackRunOptions;
  private readonly stack: FleetStack;
  private readonly violations: string[];
  private readonly report: Report;

  constructor(options: StackRunOptions, stack: FleetStack, violations: string[], report: Report) {
    this.options = options;
    this.stack = stack;
    this.violations = violations;
    this.report = report;
  }

  /** @throws PulumiFailed */
  async run(kind: "preview" | "up", replace: readonly string[] = []): Promise<Changes> {
    const { directory, log, progress, policyPacks, interrupting } = this.options;
    const step = replace.length > 0 ? "rotate" : kind;
    this.report(step);
    progress.tell(this.options.stack, { log: relative(directory, log) });
    const options: RunOptions = {
      policyPacks,
      replace,
      signal: interrupting,
      onEvent: (event) => {
        const detail = stepOf(event);
        if (detail !== undefined) {
          this.report(`${step}: ${detail}`);
        }
        const violation = violationOf(event);
        if (violation !== undefined && !this.violations.includes(violation)) {
          this.violations.push(violation);
        }
      },
    };
    try {
      return await this.stack[kind](options);
    } catch (error) {
      const pid = this.options.former?.process?.pid;
      const isOwnLock =
        error instanceof PulumiFailed &&
        pid !== undefined &&
        isLocked(error.output) &&
        isLockOf(error.output, pid, hostname());
      if (!isOwnLock) {
        throw error;
      }
      // The lock of the earlier run, which was killed with its Pulumi process: nothing else removes it.
      await this.stack.cancel();
      return this.stack[kind](options);
    }
  }
}

async function rotate(
  { former, rotateAll, dueWithin, begin }: StackRunOptions,
  stack: FleetStack,
  runner: Runner,
): Promise<string> {
  const current = async () => managedCredential(await stack.outputs());
  const replaces = former?.replaces;
  if (replaces !== undefined) {
    // An unfinished rotation continues without --replace, and may already be complete.
    begin({ replaces });
    await runner.run("up");
    if ((await current())?.createdAt !== replaces) {
      return "rotated, as started before";
    }
  }
  const credential = await current();
  if (credential === undefined) {
    return "no credential to rotate";
  }
  if (!rotateAll && replaces === undefined && !isDue(credential, new Date(), dueWithin)) {
    return "not due";
  }
  begin({ replaces: credential.createdAt });
  return replaceCredential(credential, runner, current);
}

async function replaceCredential(
  { pattern, createdAt }: ManagedCredential,
  runner: Runner,
  current: () => Promise<ManagedCredential | undefined>,
): Promise<string> {
  try {
    await runner.run("up", [pattern]);
    return "rotated";
  } catch (error) {
    if (!(error instanceof PulumiFailed && isUnfinishedRotation(error.output))) {
      throw error;
    }
  }
  // An earlier rotation is not finished; once it is, the credential is new.
  await runner.run("up");
  if ((await current())?.createdAt === createdAt) {
    await runner.run("up", [pattern]);
  }
  return "rotated";
}

/**
 * Runs the doctor until it finds no error, or `patience` has passed: a certificate that was just ordered takes minutes.
 *
 * @returns the errors
 * @throws CouldNotLook
 */
async function examine(options: StackRunOptions, report: Report): Promise<readonly string[]> {
  const { stack, progress, issue, stopping, action } = options;
  if (issue !== undefined && action !== "doctor") {
    report("certificate");
    await issue();
  }
  const deadline = Date.now() + (action === "doctor" ? 0 : options.patience);
  for (;;) {
    report("doctor");
    const { worst, certificateExpiry, rotateBy, errors } = await options.look();
    progress.tell(stack, { worst, certificateExpiry, rotateBy });
    if (errors.length === 0 || Date.now() >= deadline || stopping.aborted) {
      return errors;
    }
    report(`doctor: checks again, since ${errors[0] ?? ""}`);
    await delay(pause.look, undefined, { signal: stopping }).catch(() => undefined);
  }
}
