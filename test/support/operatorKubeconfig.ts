import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";

interface Kubeconfig {
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

/** Writes a kubeconfig for a user that has only the permissions that are granted to it, and returns its path. */
export function operatorKubeconfig(sandbox: Sandbox, name: string, user: string): string {
  const admin = JSON.parse(readFileSync(sandbox.kubeconfig, "utf8")) as Kubeconfig;
  const path = join(sandbox.directory, `${name}.kubeconfig`);
  const users = admin.users.map((one) => ({ ...one, user: { ...one.user, as: user } }));
  writeFileSync(path, JSON.stringify({ ...admin, users }), { mode: 0o600 });
  return path;
}
