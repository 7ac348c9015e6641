import { parseArgs } from "node:util";
import { ensureTcpdump } from "../capture.ts";
import { ensureChromium } from "../chromium.ts";
import { ensureCoturn } from "../coturn.ts";
import { ensureWan, whyNoWan } from "../wan.ts";
import { command, type Step, vitest } from "./steps.ts";
import { ensureSynapse } from "./synapse-root.ts";

export interface Flags {
  /** Leave out what takes long: a browser, other runtimes, and the list of all tests that the rules are checked by. */
  readonly quick: boolean;
  /** Only the tests against a real Synapse. */
  readonly synapse: boolean;
}

/** Throws on a flag that there is not, and on flags that exclude each other. */
export function parseFlags(args: readonly string[]): Flags {
  const options = { quick: { type: "boolean" }, synapse: { type: "boolean" } } as const;
  const { quick = false, synapse = false } = parseArgs({ args: [...args], options }).values;
  if (quick && synapse)
    throw new Error("--quick or --synapse, not both: the tests against Synapse use a browser");
  return { quick, synapse };
}

/** What to run, in order. `scripts` are the names of the files in scripts/. */
export function plan(flags: Flags, scripts: readonly string[]): Step[] {
  const build = command("build", "npm", "run", "--silent", "build");
  if (flags.synapse) return [build, vitest("synapse", prepareSynapse)];
  const checks = scripts.filter((name) => /^check-.*\.ts$/.test(name)).sort();
  const quick = checks.filter((name) => name !== "check-rules.ts");
  return [
    build,
    command("lint", "biome", "check", "."),
    command("types", "tsc", "-p", "test/tsconfig.json", "--noEmit"),
    vitest("unit"),
    vitest("dom"),
    ...(flags.quick ? [] : [vitest("runtimes")]),
    ...(flags.quick ? quick : checks).map((name) =>
      command(name.replace(".ts", ""), "tsx", `scripts/${name}`),
    ),
    ...(flags.quick ? [] : [vitest("e2e", ensureChromium)]),
  ];
}

async function prepareSynapse(): Promise<void> {
  await ensureChromium();
  if (process.env.SYNAPSE_URL) return;
  await ensureCoturn();
  await ensureTcpdump();
  await ensureSynapse();
  if (!whyNoWan()) await ensureWan();
}
