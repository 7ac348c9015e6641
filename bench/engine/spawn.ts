import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Findings, Plan } from "./child.ts";

/** The child's script, bundled as the worker is: what is measured is what ships. */
export async function bundleChild(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./child.ts", import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    conditions: ["es2015"],
  });
  return outputFiles[0]?.text ?? "";
}

/** Runs the script in a process of its own; rejects with what it said on standard error where it fails. */
export function runChild(script: string, plan: Plan): Promise<Findings> {
  const args = ["--expose-gc", "--input-type=module", "-", JSON.stringify(plan)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { timeout: 300_000 });
    let said = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaint += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(JSON.parse(said));
      else reject(new Error(`The engine's process ended with ${code}: ${complaint}`));
    });
    child.stdin.end(script);
  });
}
