import { OTHER, type Rung, type Side } from "./ladder.ts";
import type { Latency } from "./latencies.ts";

/** Where the lifelines stand, in characters. Everything fits a terminal of 80 columns. */
const LANES: Readonly<Record<Side | "room", number>> = { alice: 9, room: 40, bob: 71 };
const WIDTH = LANES.bob - LANES.alice - 1;

const STEPS = "A offer  B candidates  C answer  D the callee's candidates  E connection";
const COUNTS = "(8): an event that holds 8 candidates";

/** The ladder as lines for a terminal: the step, the time at Alice in ms, the drawing, the time at Bob. */
export function ladderText(rungs: readonly Rung[]): string {
  const titles = place("", [
    [0, "step  ms"],
    [LANES.alice, "Alice app (WebRTC)"],
    [LANES.room - 5, "Matrix room"],
    [LANES.bob - 15, "Bob app (WebRTC)"],
    [LANES.bob + 5, "ms"],
  ]);
  const empty = line({ times: {} }, lanes());
  return [STEPS, COUNTS, "", titles, empty, ...rungs.map(drawRung), empty].join("\n");
}

/** Each latency on a line of its own, aligned. */
export function latenciesText(all: readonly Latency[]): string {
  const width = Math.max(...all.map(({ name }) => name.length));
  const amount = (ms?: number) => (ms === undefined ? "–" : `${ms.toFixed(0)} ms`).padStart(8);
  return all.map(({ name, span, ms }) => `${name.padEnd(width)} ${amount(ms)}   ${span}`).join("\n");
}

function drawRung(rung: Rung): string {
  if (rung.kind === "message") return line(rung, drawMessage(rung));
  if (rung.kind === "media") {
    const text = ` ${rung.label} `;
    return line(rung, `█${centre(text, WIDTH, "█")}█`);
  }
  const notes: [number, string][] = [];
  const { alice, bob } = rung.times;
  if (alice !== undefined) notes.push([0, `● ${rung.label}`]);
  if (bob !== undefined) notes.push([WIDTH - rung.label.length - 1, `${rung.label} ●`]);
  return line(rung, place(lanes(), notes));
}

/** From one side into the room, and on to the other once it has come there. */
function drawMessage({ label, count, from = "alice", times, dropped }: Rung): string {
  const event = `[ ${label}${count === undefined ? "" : ` (${count})`} ]`;
  const end = dropped === undefined ? "" : ` ✗ ${dropped} `;
  const half = (WIDTH - event.length) / 2;
  const arrived = times[OTHER[from]] !== undefined;
  const inbound = times[from] === undefined ? " " : "─";
  const outbound = arrived ? "─" : " ";
  const [before, after] = [Math.floor(half), Math.ceil(half)];
  if (from === "alice") {
    const way = outbound.repeat(Math.max(0, after - end.length - 1));
    return `│${inbound.repeat(before - 1)}▶${event}${way}${end}${arrived ? "▶" : " "}│`;
  }
  const way = outbound.repeat(Math.max(0, before - end.length - 1));
  return `│${arrived ? "◀" : " "}${end}${way}${event}◀${inbound.repeat(after - 1)}│`;
}

function line({ step, also, times }: Pick<Rung, "step" | "also" | "times">, drawing: string): string {
  const ms = (time?: number) => (time === undefined ? "" : time.toFixed(0)).padStart(6);
  return `${step ?? " "}${also ?? " "}${ms(times.alice)} ${drawing}${ms(times.bob)}`.trimEnd();
}

const lanes = (): string =>
  place(" ".repeat(WIDTH + 2), [
    [0, "│"],
    [LANES.room - LANES.alice, "│"],
    [WIDTH + 1, "│"],
  ]);

/** Writes the texts over the line, each from its column. */
function place(line: string, texts: readonly (readonly [number, string])[]): string {
  return texts.reduce(
    (all, [column, text]) => all.padEnd(column).slice(0, column) + text + all.slice(column + text.length),
    line,
  );
}

const centre = (text: string, width: number, fill: string): string =>
  text.padStart(Math.floor((width + text.length) / 2), fill).padEnd(width, fill);
