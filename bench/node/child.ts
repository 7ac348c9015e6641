/** Processes of their own for what is measured on Node: nothing else is on their heap, and nothing else has their turn. */
import { spawn } from "node:child_process";
import { bundle } from "../../scripts/lib/bundle.ts";

/** Bundles a script as the worker is: what is measured is what ships. `texts` are constants for it to find. */
export const bundleForNode = (entry: string, texts: Readonly<Record<string, string>> = {}): Promise<string> =>
  bundle({
    entryPoints: [entry],
    minify: true,
    platform: "node",
    conditions: ["es2015"],
    define: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, JSON.stringify(text)])),
  });

/**
 * Runs a script with its argument, and resolves with the JSON that it prints; rejects with what it said on standard
 * error where it fails. It can call `gc()`.
 */
export function runOnNode<T>(script: string, argument?: object): Promise<T> {
  const args = ["--expose-gc", "--input-type=module", "-", JSON.stringify(argument ?? {})];
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
    child.once("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(said));
      else reject(new Error(`The process that measures ended with ${code ?? signal}: ${complaint}`));
    });
    // Where it ended before it had read all, its end tells why.
    child.stdin.on("error", () => {}).end(script);
  });
}
