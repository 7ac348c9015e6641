/** Tables of figures in Markdown pages, made from the samples under bench/baselines. */
import { type Baseline, type BaselineRow, readBaseline } from "../../bench/baseline.ts";
import { SIDES, type Side } from "../../bench/row.ts";
import { digits } from "../../bench/terminal.ts";
import { summarize } from "../../src/bench/statistics.ts";

const HEADS: { readonly [S in Side]: string } = {
  ours: "Trunkline",
  warm: "kept warm",
  rival: "matrix-js-sdk",
  floor: "floor",
};

/** `<!-- figures FILE ROW,ROW -->` up to `<!-- /figures -->`; a row by its name, or by how names begin. */
const BLOCK = /(<!-- figures (\S+) (\S+) -->\n)[\s\S]*?(<!-- \/figures -->)/g;

/** The page with every table made anew. Throws where a block names a file or rows that there are not. */
export function withFigures(page: string, read: (file: string) => Baseline = readBaseline): string {
  return page.replace(BLOCK, (_, begin: string, file: string, rows: string, end: string) => {
    return `${begin}\n${figures(read(file), rows.split(","))}\n\n${end}`;
  });
}

/** Which files the page has figures of. */
export const filesOf = (page: string): string[] => [...page.matchAll(BLOCK)].map(([, , file = ""]) => file);

function figures(baseline: Baseline, names: readonly string[]): string {
  const belongs = (row: string, name: string) => row === name || row.startsWith(`${name}.`);
  const none = names.find((name) => !baseline.rows.some((row) => belongs(row.name, name)));
  if (none !== undefined) throw new Error(`there are no rows ${none} in the baseline of ${baseline.at}`);
  const rows = baseline.rows.filter((row) => names.some((name) => belongs(row.name, name)));
  const sides = SIDES.filter((side) => rows.some(({ samples }) => samples[side]));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["", ...sides.map((side) => HEADS[side])]),
    line(["---", ...sides.map(() => "---:")]),
    ...rows.map((row) => line([titleOf(row), ...sides.map((side) => cell(row.samples[side]))])),
    "",
    captionOf(baseline),
  ].join("\n");
}

const titleOf = ({ group, what, unit }: BaselineRow) =>
  `${group === undefined ? "" : `${group}: `}${what}${group?.includes(unit) ? "" : `, ${unit}`}`.replaceAll(
    "|",
    "\\|",
  );

/** The median, its interval, and the 95th percentile; of samples that are all the same, one number. */
function cell(samples: readonly number[] | undefined): string {
  if (!samples) return "";
  const { p50, p95, p50Interval } = summarize(samples);
  const { low, high } = p50Interval;
  if (Math.min(...samples) === Math.max(...samples)) return digits(p50);
  return `${digits(p50)} (${digits(low)} to ${digits(high)}), p95 ${digits(p95)}`;
}

function captionOf({ at, homeserver, n, machine, load, versions }: Baseline): string {
  const day = new Date(at).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const { Trunkline: _, ...others } = versions;
  const used = Object.entries(others).map(([name, version]) => `${name} ${version}`);
  return [
    `Medians (in brackets the 95% interval of each, or all samples where there are fewer than six), and 95th percentiles;`,
    `n = ${n}. Measured on ${day}, homeserver ${homeserver}, on ${machine.processor}, ${machine.memory}, ${machine.system},`,
    `load ${load.join(" to ")}; ${used.join(", ")}.`,
    // Before it began nothing of it ran: whatever wanted the processors was others'.
    ...(load[0] > Number.parseInt(machine.processor, 10)
      ? [
          "Other work kept the machine busy meanwhile: compare the columns, not the milliseconds with those of other runs.",
        ]
      : []),
  ].join("\n");
}
