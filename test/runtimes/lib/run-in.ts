import { delimiter, resolve } from "node:path";
import { type Outcome, run } from "../../../scripts/lib/run.ts";

/** How each runtime runs a script. workerd runs a configuration, which names its script. */
const COMMANDS = {
  node: [process.execPath],
  deno: ["deno", "run", "--allow-net=127.0.0.1", "--allow-read=.", "--config", "deno.json"],
  bun: ["bun", "run"],
  workerd: ["workerd", "test"],
} as const;

export type Runtime = keyof typeof COMMANDS;

/** Runs a file to its end, from the root of the repository. */
export function runIn(runtime: Runtime, file: string, ...more: readonly string[]): Promise<Outcome> {
  const [program, ...args] = COMMANDS[runtime];
  const path = [resolve("node_modules/.bin"), process.env.PATH].join(delimiter);
  return run(program, [...args, file, ...more], { env: { PATH: path } });
}
