/** All tests, one step after the other, up to the first that fails: `npm test`, `npm run test:synapse`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseFlags, plan } from "./lib/plan.ts";
import { step } from "./lib/progress.ts";
import type { Step } from "./lib/steps.ts";
import { add, none, type Totals, totalsLine } from "./lib/totals.ts";

async function runAll(steps: readonly Step[]): Promise<Totals> {
  let totals = none;
  for (const { name, command, run } of steps) {
    try {
      await step(name, async () => {
        const result = await run().catch((error: Error) => ({
          output: error.message,
          totals: { passed: 0, failed: 1 },
        }));
        totals = add(totals, result.totals);
        if (result.totals.failed > 0) throw new Error(result.output.trimEnd());
      });
    } catch (error) {
      console.log(`${(error as Error).message}\n\n${name} failed; alone: ${command}`);
      break;
    }
  }
  return totals;
}

/** The steps asked for, or the end of this process where the flags make no sense. */
function planned(): Step[] {
  try {
    return plan(parseFlags(process.argv.slice(2)), readdirSync("scripts"));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

process.chdir(join(import.meta.dirname, ".."));
const totals = await runAll(planned());
console.log(totalsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
