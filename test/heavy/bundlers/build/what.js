/** What a build script is told: `node build/vite.js <folder of the result> <page> …`. */
import { fileURLToPath } from "node:url";

const [, , result, ...names] = process.argv;

export const out = result;
export const folder = fileURLToPath(new URL("../src", import.meta.url));

/** The files of the pages, by their names. */
export const pages = (type) => Object.fromEntries(names.map((name) => [name, `${folder}/${name}.${type}`]));

/** Ends with what webpack or rspack found wrong, if anything. */
export function report(error, stats) {
  if (!error && !stats.hasErrors() && !stats.hasWarnings()) return;
  console.error(error ?? stats.toString("errors-warnings"));
  process.exitCode = 1;
}
