/**
 * Packs the package as npm would publish it, and has publint and attw read it: entry points that are missing, types
 * that a consumer cannot resolve. Run it after `npm run build`; prints one line, or what is wrong.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Runs a tool; throws with all that it printed where it fails. */
function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
}

/** The files that `exports` of package.json names. */
function exported(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const files = (entry: unknown): string[] =>
    typeof entry === "string" ? [entry] : Object.values(entry as object).flatMap(files);
  return files(exports).map((path) => path.replace(/^\.\//, ""));
}

/** Whether a source map holds the code that it leads to, which is not in the package. */
function hasSources(path: string): boolean {
  const { sources, sourcesContent } = JSON.parse(readFileSync(join(root, path), "utf8"));
  return sourcesContent?.length === sources.length;
}

function check(folder: string): string {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]),
  ) as [Packed];
  const inside = new Set(packed.files.map(({ path }) => path));
  const missing = exported().filter((path) => !inside.has(path));
  if (missing.length > 0) throw new Error(`Exported but not packed (built?): ${missing.join(", ")}`);
  const blind = [...inside].filter((path) => path.endsWith(".map") && !hasSources(path));
  if (blind.length > 0) throw new Error(`Source maps without their sources: ${blind.join(", ")}`);
  const tarball = join(folder, packed.filename);
  run("npx", ["publint", "run", tarball, "--strict"]);
  run("npx", ["attw", tarball, "--profile", "esm-only", "--no-emoji"]);
  return `package: ${packed.files.length} files, ${Math.round(packed.size / 1000)} kB packed; publint and attw find it clean`;
}

const folder = mkdtempSync(join(tmpdir(), "trunkline-pack-"));
try {
  console.log(check(folder));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
