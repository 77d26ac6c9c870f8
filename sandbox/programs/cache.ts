import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readIfPresent, readJsonIfPresent, remove } from "../../lib/files.ts";
import { programCacheDirectory, sandboxSource } from "../paths.ts";
import { officialArchive, type Artifact } from "./artifacts.ts";
import { buildFlags } from "./goBuild.ts";
import { goEnvironment } from "./goToolchain.ts";
import { reductionOf } from "./reducedModules.ts";

/**
 * The path of an artifact that was built or copied. The name contains a hash of everything that determines the
 * content, so the artifact never needs an update.
 */
export function cachePath(artifact: Artifact, reduction = reductionOf(artifact.module)): string {
  const content =
    artifact.kind === "program"
      ? [
          artifact.package,
          buildFlags(artifact),
          artifact.embeds,
          goEnvironment,
          ...(reduction.length > 0 ? [reduction] : []),
        ]
      : [artifact.source, artifact.directory];
  const hash = createHash("sha256").update(
    JSON.stringify([process.platform, process.arch, content]),
  );
  const directory = sandboxSource(artifact.module);
  const entries = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  for (const file of entries.filter((entry) => statSync(join(directory, entry)).isFile())) {
    hash.update(`\n${file}\n`).update(readIfPresent(join(directory, file)) ?? "");
  }
  return pathOf(artifact.name, artifact.version, hash.digest("hex"));
}

/** A path in the cache, and the version of the artifact at that path. */
export interface Place {
  readonly path: string;
  readonly version: string;
}

/** The place of an artifact that is built or copied. */
export function builtPlace(artifact: Artifact): Place {
  return { path: cachePath(artifact), version: artifact.version };
}

/** The place of a program that is downloaded; undefined if no official build is known for this platform. */
export function downloadedPlace(artifact: Artifact): Place | undefined {
  const archive = officialArchive(artifact);
  return (
    archive && {
      path: pathOf(artifact.name, archive.version, archive.sha256),
      version: archive.version,
    }
  );
}

/** All places in the cache where an artifact may be, in order of preference. */
export function places(artifact: Artifact): readonly Place[] {
  const downloaded = downloadedPlace(artifact);
  return [...(downloaded === undefined ? [] : [downloaded]), builtPlace(artifact)];
}

function pathOf(name: string, version: string, digest: string): string {
  return join(programCacheDirectory(), `${name}-${version}-${digest.slice(0, 12)}`, name);
}

/** The pattern of the folder names that {@link pathOf} creates. */
export const folderName = /-[0-9a-f]{12}$/;

/**
 * Fills the folder `target`: calls `fill` with a temporary folder beside it, which is then renamed to `target`. A
 * killed process leaves nothing under that name, and this function removes its temporary folder. The caller holds
 * the lock on `target`.
 */
export async function fillAtomically(
  target: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(target);
  const prefix = `${basename(target)}.partial-`;
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent).filter((name) => name.startsWith(prefix))) {
    remove(join(parent, entry));
  }
  const temporary = join(parent, `${prefix}${process.pid}`);
  mkdirSync(temporary);
  try {
    await fill(temporary);
    remove(target);
    renameSync(temporary, target);
  } finally {
    remove(temporary);
  }
}

const contentsSchema = z.record(z.string(), z.number());

/** Notes the names and sizes of a folder's files beside the folder. */
export function noteContents(folder: string): void {
  writeFileSync(contentsFile(folder), JSON.stringify(contentsOf(folder)));
}

/** Whether a folder still has the files that {@link noteContents} noted. */
export function isComplete(folder: string): boolean {
  const noted = contentsSchema.safeParse(readJsonIfPresent(contentsFile(folder))).data;
  if (noted === undefined) {
    return false;
  }
  return Object.entries(noted).every(
    ([file, size]) => statSync(join(folder, file), { throwIfNoEntry: false })?.size === size,
  );
}

function contentsFile(folder: string): string {
  return `${folder}.json`;
}

function contentsOf(folder: string): Record<string, number> {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = entries.map((file) => [file, statSync(join(folder, file))] as const);
  return Object.fromEntries(
    files.filter(([, file]) => file.isFile()).map(([file, { size }]) => [file, size]),
  );
}

/** Whether the file exists and this user may run it. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
