/** Simulates calls at random: `npm run sim -- --runs 500 --seed 1`. Prints each seed whose run broke a rule, and why. */
import { parseArgs } from "node:util";
import { simulate } from "../test/sim/simulate.ts";

function readFlags(args: string[]): { readonly runs: number; readonly seed: number } {
  const options = {
    runs: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  } as const;
  const { runs, seed } = parseArgs({ args, options }).values;
  for (const [name, value] of Object.entries({ runs, seed })) {
    if (!/^[1-9]\d{0,8}$/.test(value))
      throw new Error(`--${name} must be a whole number above 0; got ${value}.`);
  }
  return { runs: Number(runs), seed: Number(seed) };
}

async function main(): Promise<void> {
  const { runs, seed: first } = readFlags(process.argv.slice(2));
  const began = performance.now();
  let calls = 0;
  let broken = 0;
  for (let seed = first; seed < first + runs; seed++) {
    const report = await simulate({ seed });
    calls += report.calls;
    if (report.violations.length > 0) {
      broken += 1;
      console.log([`seed ${seed}:`, ...report.violations, "which came of:", ...report.script, ""].join("\n"));
    }
    const done = seed - first + 1;
    if (done % 50 === 0) console.log(`${done} of ${runs} runs, ${calls} calls, ${broken} runs broke a rule`);
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${calls} calls in ${seconds.toFixed(1)} s; ${broken} of ${runs} runs broke a rule`);
  process.exitCode = broken > 0 ? 1 : 0;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 2;
});
