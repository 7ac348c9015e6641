import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { onExit } from "./exit.ts";
import { type Outcome, run } from "./run.ts";
import { type Totals, totalsOfCommand, totalsOfVitest } from "./totals.ts";

export interface Step {
  readonly name: string;
  /** What to type to run this step alone. */
  readonly command: string;
  /** Rejects where the step cannot be run at all. */
  run(): Promise<Outcome & { readonly totals: Totals }>;
}

/** A command, of the system or of node_modules, that passes or fails as a whole. */
export function command(name: string, program: string, ...args: string[]): Step {
  return {
    name,
    command: [...(program === "npm" ? [] : ["npx"]), program, ...args].join(" "),
    async run() {
      const outcome = await runHere(program, args);
      return { ...outcome, totals: totalsOfCommand(outcome.code) };
    },
  };
}

/** One project of vitest.config.ts, after `prepare`. */
export function vitest(project: string, prepare: () => Promise<unknown> = async () => {}): Step {
  const args = ["run", "--project", project];
  return {
    name: project,
    command: `npx vitest ${args.join(" ")}`,
    async run() {
      await prepare();
      const folder = mkdtempSync(join(tmpdir(), "trunkline-test-"));
      const removeFolder = () => rmSync(folder, { recursive: true, force: true });
      const release = onExit(removeFolder);
      const file = join(folder, "report.json");
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
      const outcome = await runHere("vitest", [...args, ...reporters]);
      const report = existsSync(file) ? readFileSync(file, "utf8") : undefined;
      removeFolder();
      release();
      return { ...outcome, totals: totalsOfVitest(report, outcome.code) };
    },
  };
}

function runHere(program: string, args: readonly string[]): Promise<Outcome> {
  const path = [resolve("node_modules/.bin"), process.env.PATH].join(delimiter);
  return run(program, args, { env: { PATH: path } });
}
