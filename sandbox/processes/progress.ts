import { styleText } from "node:util";
import { printable, printableLine } from "../../lib/printable.ts";

/** One running step. Exactly one of `done` and `fail` ends it. */
export interface Step {
  /** Shows the progress of the step, in place of the previous text. */
  update(detail: string): void;
  /** Ends the step as successful, with an optional remark such as a count. */
  done(detail?: string): void;
  /** Ends the step as failed; the caller prints the error. */
  fail(): void;
}

/** Receives the progress of the parts of the sandbox. */
export interface Reporter {
  /** Begins a step; `expectedSeconds` is shown beside the elapsed time. */
  step(title: string, expectedSeconds?: number): Step;
  /** Prints a line of its own, for information outside a step. */
  note(text: string): void;
}

/** A reporter that prints nothing. */
export const silentReporter: Reporter = {
  step: () => ({ update: () => undefined, done: () => undefined, fail: () => undefined }),
  note: () => undefined,
};

/** The output of {@link createReporter}; `process.stderr` and `process.stdout` are such streams. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often a step is printed again if lines cannot be rewritten, in milliseconds. */
const quietInterval = 30_000;
/** How often the line of a step is rewritten on a terminal, in milliseconds. */
const frameInterval = 200;

/**
 * A reporter for people. On a terminal, the running step is one line that is rewritten. Elsewhere, a step prints a
 * line every 30 s and a line at its end. `NO_COLOR` is respected. Steps may overlap.
 *
 * @param stream The output.
 * @param now The clock, in milliseconds; for tests.
 */
export function createReporter(stream: ProgressStream, now: () => number = Date.now): Reporter {
  const terminal = stream.isTTY === true;
  const active: ActiveStep[] = [];
  let timer: NodeJS.Timeout | undefined;

  const clear = () => {
    if (terminal && active.length > 0) {
      stream.write("\r\u001b[2K");
    }
  };
  const draw = () => {
    const current = active.at(-1);
    if (terminal && current !== undefined) {
      const line = `  ${current.describe()}`;
      stream.write(`\r\u001b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
    }
  };
  const print = (line: string) => {
    clear();
    stream.write(`${line}\n`);
  };
  const tick = () => {
    if (terminal) {
      draw();
      return;
    }
    for (const step of active) {
      print(`… ${step.describe()}`);
    }
  };

  return {
    step(title, expectedSeconds) {
      const started = now();
      let remark = "";
      const seconds = () => (now() - started) / 1000;
      const elapsed = () => formatSeconds(seconds());
      // A slow machine, or one with other work, exceeds the expected time.
      const expected = () =>
        expectedSeconds === undefined
          ? ""
          : `${seconds() <= expectedSeconds ? " of about" : ", longer than the usual"} ${formatSeconds(expectedSeconds)}`;
      const self: ActiveStep = {
        describe: () => `${title}${remark === "" ? "" : `: ${remark}`} (${elapsed()}${expected()})`,
      };
      const end = (line: string) => {
        const index = active.indexOf(self);
        if (index < 0) {
          return;
        }
        print(line);
        active.splice(index, 1);
        if (active.length === 0) {
          clearInterval(timer);
          timer = undefined;
        }
        draw();
      };
      active.push(self);
      timer ??= setInterval(tick, terminal ? frameInterval : quietInterval).unref();
      draw();
      return {
        update: (detail) => {
          remark = printableLine(detail);
          draw();
        },
        done: (detail) => {
          const suffix = detail === undefined ? "" : `: ${printableLine(detail)}`;
          end(`${mark(stream, "green", "✔")} ${title}${suffix} (${elapsed()})`);
        },
        fail: () => {
          end(`${mark(stream, "red", "✖")} ${title} (${elapsed()})`);
        },
      };
    },
    note(text) {
      print(printable(text));
      draw();
    },
  };
}

/**
 * Runs `work` as one step of `reporter`. The step ends as done, with the text that `remark` derives from the
 * result. It ends as failed when `work` throws; the error is rethrown.
 */
export async function withStep<T>(
  reporter: Reporter,
  title: string,
  work: (step: Step) => Promise<T>,
  remark: (result: T) => string | undefined = () => undefined,
): Promise<T> {
  const step = reporter.step(title);
  try {
    const result = await work(step);
    step.done(remark(result));
    return result;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** Formats `75` as `1 min 15 s`; a value below ten seconds keeps one decimal. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

interface ActiveStep {
  describe(): string;
}

function mark(stream: ProgressStream, color: "green" | "red", sign: string): string {
  if (stream.isTTY !== true || (process.env.NO_COLOR ?? "") !== "") {
    return sign;
  }
  return styleText(color, sign, { validateStream: false });
}
