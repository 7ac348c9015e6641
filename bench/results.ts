import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { findChromium } from "../scripts/chromium.ts";
import type { Row } from "./row.ts";

/** What `bench/results.json` holds. */
export interface Results {
  /** ISO 8601. */
  readonly at: string;
  /** As it was asked for, and what it calls itself where it says so. */
  readonly homeserver: string;
  readonly n: number;
  readonly machine: Readonly<Record<"system" | "processor" | "memory", string>>;
  /** How many processes wanted a processor in the minute before, of this benchmark or of others; at its start and end. */
  readonly load: readonly [start: number, end: number];
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  /** Measures that could not be taken, and why. */
  readonly failures: readonly { readonly measure: string; readonly message: string }[];
}

export function machine(): Results["machine"] {
  const [first] = cpus();
  return {
    system: `${type()} ${release().replace(/-.*/, "")}`,
    processor: `${cpus().length} × ${first?.model.trim() || "unknown"}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
  };
}

export const load = (): number => Number((loadavg()[0] ?? 0).toFixed(2));

/** Of what was measured, and of what it ran on. */
export function versions(): Results["versions"] {
  const of = (file: string): string => JSON.parse(readFileSync(file, "utf8")).version;
  const chromium = findChromium();
  const browser =
    chromium &&
    execFileSync(chromium, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return {
    Trunkline: of("package.json"),
    "matrix-js-sdk": of("node_modules/matrix-js-sdk/package.json"),
    "Node.js": process.versions.node,
    ...(browser && { Chromium: /[\d.]+/.exec(browser)?.[0] ?? browser.trim() }),
  };
}
