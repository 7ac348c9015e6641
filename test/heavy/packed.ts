/** Installing the package as an app does: from the tarball that npm would publish. */

import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
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

/** What the lock file of `folder` names, once for each state of that file, and ours as it is packed now. */
export async function installPacked(folder: string, tarballs: string): Promise<void> {
  const tarball = await npm(".", "pack", "--ignore-scripts", "--pack-destination", tarballs);
  const lock = readFileSync(`${folder}/package-lock.json`, "utf8");
  const installed = `${folder}/node_modules/.installed-lock.json`;
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
    await npm(folder, "ci", ...flags);
    writeFileSync(installed, lock);
  }
  await npm(folder, "install", "--no-save", "--no-package-lock", ...flags, resolve(tarballs, tarball));
}
