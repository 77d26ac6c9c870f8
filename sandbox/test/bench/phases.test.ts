import assert from "node:assert/strict";
import { phases } from "../../bench/phases.ts";

const messages = [
  [0.4, "langhost[nodejs].Run(pwd=/x) executing"],
  [0.7, "Registering resource: t=pulumi:pulumi:Stack, name=x"],
  [0.8, "Running program '/x/index.ts'"],
  [0.9, "Registering resource: t=akash:dns:GcpDnsCredential, name=dns"],
  [1.0, "Provider[0x1].Configure() executing"],
  [1.2, "Provider[0x2].Configure() executing"],
  [1.3, "RegisterResourceOutputs RPC finished: dns"],
  [1.4, "RegisterResourceOutputs RPC finished: stack"],
] as const;

const began = new Date("2026-01-01T00:00:00Z");

function at(seconds: number): Date {
  return new Date(began.getTime() + seconds * 1_000);
}

function log(lines: readonly (readonly [number, string])[]): string {
  return lines.map(([time, msg]) => JSON.stringify({ time: at(time), msg })).join("\nno JSON\n");
}

describe("phases of a run", () => {
  it("are contiguous from its beginning to its end", () => {
    const found = phases(log(messages), began, at(1.5));
    assert.deepEqual(
      found.map(({ seconds }) => Number(seconds.toFixed(3))),
      [0.4, 0.4, 0.1, 0.3, 0.2, 0.1],
    );
  });

  it("are not invented if the log does not contain them", () => {
    const without = messages.filter(([, message]) => !message.startsWith("Provider"));
    assert.throws(
      () => phases(log(without), began, at(1.5)),
      /no end of the phase: the plugins start/,
    );
  });
});
