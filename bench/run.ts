/** `npm run bench`: how fast calls are, beside matrix-js-sdk's and beside what is possible. `--help` tells the rest. */
import { readFileSync, writeFileSync } from "node:fs";
import { readBaseline, toBaseline, writeBaseline } from "./baseline.ts";
import { compareWith } from "./compare-text.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { progress } from "./progress.ts";
import { measures } from "./registry.ts";
import { reportPage } from "./report/page.ts";
import { load, machine, type Results, versions } from "./results.ts";
import type { Row } from "./row.ts";
import { select } from "./select.ts";
import { table } from "./terminal.ts";
import { worlds } from "./worlds.ts";

async function measureAll(options: Options): Promise<Results> {
  const rows: Row[] = [];
  const failures: { measure: string; message: string }[] = [];
  const { begin, say, end } = progress(process.stderr);
  const { n, homeserver } = options;
  const before = load();
  const { open: world, software, close } = worlds(options);
  for (const measure of select(measures, options.only)) {
    const start = performance.now();
    begin(measure.name);
    try {
      rows.push(...(await measure.run({ n, homeserver, world, say })));
      end(`${((performance.now() - start) / 1_000).toFixed(1)} s`);
    } catch (error) {
      // A browser's errors bring its log along.
      const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
      failures.push({ measure: measure.name, message });
      end(`failed: ${message}`);
    }
  }
  await close();
  return {
    at: new Date().toISOString(),
    homeserver: [homeserver, software()].filter(Boolean).join(", "),
    n,
    machine: machine(),
    load: [before, load()],
    versions: versions(),
    rows,
    failures,
  };
}

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (!options) console.log(usage(measures));
  else {
    // A file that cannot be read is found before anything is measured.
    const baseline = options.compare === undefined ? undefined : readBaseline(options.compare);
    const results = await measureAll(options);
    const text = JSON.stringify(results, null, 2);
    writeFileSync("bench/results.json", `${text}\n`);
    writeFileSync("bench/report.html", reportPage(results, readFileSync("bench/report/style.css", "utf8")));
    console.log(options.json ? text : table(results.rows));
    if (options.save !== undefined) writeBaseline(options.save, toBaseline(results));
    const outcome = baseline && compareWith(baseline, results.rows, select(measures, options.only));
    if (outcome) console.error(outcome.text);
    if (results.failures.length > 0) process.exitCode = 1;
    else if (outcome && !outcome.passed) process.exitCode = 3;
  }
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}\n\n${usage(measures)}`);
  process.exitCode = 2;
}
