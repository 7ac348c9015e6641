/** Installing the package as an app does: from the tarball that npm would publish. */

import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);
const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];

/** Runs npm in a folder; rejects with all that it printed where it fails. */
export async function npm(folder: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await exec("npm", args, { cwd: folder })).stdout.trim();
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm ${args.join(" ")} failed in ${folder}:\n${stdout ?? ""}${stderr ?? ""}`, {
      cause: error,
    });
  }
}

/** What the lock file of `folder` names, once for each state of that file. */
async function installLocked(folder: string): Promise<void> {
  const lock = readFileSync(`${folder}/package-lock.json`, "utf8");
  const installed = `${folder}/node_modules/.installed-lock.json`;
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  await npm(folder, "ci", ...flags);
  writeFileSync(installed, lock);
}

/** Into a folder that does not name our package, that package as it is packed now. */
export async function installPacked(folder: string, tarballs: string): Promise<void> {
  const tarball = await npm(".", "pack", "--ignore-scripts", "--pack-destination", tarballs);
  await installLocked(folder);
  await npm(folder, "install", "--no-save", "--no-package-lock", ...flags, resolve(tarballs, tarball));
}

/** Into a folder that names our package by its folder: npm packs that one, and knows only by its absence that it has to. */
export async function installNamed(folder: string): Promise<void> {
  await installLocked(folder);
  rmSync(`${folder}/node_modules/trunkline`, { recursive: true, force: true });
  await npm(folder, "install", "--no-save", ...flags);
}
