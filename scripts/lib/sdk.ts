/** Releases of matrix-js-sdk beside the one in package.json, each in a folder of its own, installed when it is needed. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { step } from "./progress.ts";
import { run } from "./run.ts";

const CACHE = ".cache/matrix-js-sdk";

/** Node's modules that early releases expect of a bundler. */
const POLYFILLS = ["buffer@6.0.3", "events@3.3.0", "url@0.11.4"];

/** Resolves with the folder of that release, where esbuild finds it. Rejects with npm's words where it cannot be had. */
export async function ensureSdk(release: string): Promise<string> {
  const folder = resolve(CACHE, release);
  if (!existsSync(folder)) await step(`installing matrix-js-sdk ${release}`, () => install(release, folder));
  return join(folder, "node_modules/matrix-js-sdk");
}

/** What was interrupted leaves nothing that looks whole. */
async function install(release: string, folder: string): Promise<void> {
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const { code, output } = await run("npm", [
    "install",
    "--prefix",
    part,
    ...quiet,
    `matrix-js-sdk@${release}`,
    ...POLYFILLS,
  ]);
  if (code !== 0) throw new Error(`npm cannot install matrix-js-sdk ${release}:\n${output.trim()}`);
  renameSync(part, folder);
}
