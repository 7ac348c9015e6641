import { OTHER, type Rung, type Side } from "./ladder.ts";

/** The height of a rung, in px. */
export const RUNG_HEIGHT = 32;

/** How wide a letter of an event's label is, in px: it is set in a monospaced font. */
const LETTER = 6.7;

/** Where the lifelines stand, in px. */
interface Lanes extends Readonly<Record<Side, number>> {
  readonly room: number;
}

export const lanesOf = (width: number): Lanes => ({
  alice: 40,
  room: Math.round((width + 24) / 2),
  bob: width - 16,
});

type Child = SVGElement | string;

/** An SVG element; texts become text nodes, so that nothing in them is markup. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The lifelines under `count` rungs. */
export function drawLanes(count: number, width: number): SVGElement {
  const lanes = lanesOf(width);
  const height = count * RUNG_HEIGHT;
  return svg(
    "g",
    { class: "lanes", "aria-hidden": "true" },
    ...[lanes.alice, lanes.room, lanes.bob].map((x) => svg("line", { x1: x, x2: x, y1: 0, y2: height })),
  );
}

/** One rung, around its own middle line, in an SVG that is `width` px wide. */
export function drawRung(rung: Rung, width: number): SVGElement {
  const lanes = lanesOf(width);
  const drawings = { note: drawNote, message: drawMessage, media: drawMedia };
  const attributes = { class: `rung ${rung.kind}`, role: "listitem", "aria-label": inWords(rung) };
  return svg("g", attributes, ...drawStep(rung), ...drawings[rung.kind](rung, lanes));
}

const ms = (time: number): string => time.toFixed(0);

function drawStep({ step, also }: Rung): SVGElement[] {
  const steps = [step, also].filter((each) => each !== undefined);
  // For whoever clicks: by keyboard, the letters above the ladder lead to the same places.
  return steps.map((each, index) =>
    svg(
      "a",
      { href: `#step-${each}`, tabindex: -1 },
      svg("circle", { class: "step", cx: 11 + 17 * index, cy: 0, r: 8 }),
      svg("text", { class: "letter", x: 11 + 17 * index, y: 4 }, each),
    ),
  );
}

/** A dot on the lifeline of each side that it happened at, and the text inside the ladder. */
function drawNote({ label, times }: Rung, lanes: Lanes): SVGElement[] {
  const { alice, bob } = times;
  const time = (at: number) => svg("tspan", { class: "time" }, ms(at));
  const drawn: SVGElement[] = [];
  if (alice !== undefined) {
    drawn.push(svg("circle", { class: "dot", cx: lanes.alice, cy: 0, r: 4 }));
    drawn.push(svg("text", { x: lanes.alice + 12, y: 4 }, `${label} `, time(alice)));
  }
  if (bob !== undefined) {
    drawn.push(svg("circle", { class: "dot", cx: lanes.bob, cy: 0, r: 4 }));
    drawn.push(svg("text", { class: "to-end", x: lanes.bob - 12, y: 4 }, time(bob), ` ${label}`));
  }
  return drawn;
}

/** From the sender into the room, and on to the receiver once it has come there. */
function drawMessage({ label, count, from = "alice", times, dropped }: Rung, lanes: Lanes): SVGElement[] {
  const to = OTHER[from];
  const room = lanes.room - lanes.alice;
  const full = count === undefined ? label : `${label} ×${count}`;
  const text = full.length * LETTER > room * 1.3 ? shorten(full) : full;
  const half = (text.length * LETTER) / 2 + 9;
  const side = from === "alice" ? 1 : -1;
  const drawn: SVGElement[] = [
    svg("rect", { class: "event", x: lanes.room - half, y: -11, width: 2 * half, height: 22, rx: 6 }),
    svg("text", { class: "type", x: lanes.room, y: 4 }, text),
  ];
  if (times[from] !== undefined)
    drawn.push(...arrow(lanes[from], lanes.room - side * half, times[from], from));
  if (times[to] === undefined) return drawn;
  if (dropped === undefined) return [...drawn, ...arrow(lanes.room + side * half, lanes[to], times[to], to)];
  return [...drawn, svg("text", { class: "cross", x: lanes.room + side * (half + 8), y: 5 }, "×")];
}

const shorten = (eventType: string): string =>
  eventType.replace(/^m\.call\./, "").replace(/^org\.matrix\.call\./, "org…");

function arrow(fromX: number, toX: number, at: number, side: Side): SVGElement[] {
  const back = toX > fromX ? -7 : 7;
  const [x, anchor] =
    side === "alice" ? [Math.min(fromX, toX) + 9, ""] : [Math.max(fromX, toX) - 9, "to-end"];
  return [
    svg("line", { class: "arrow", x1: fromX, x2: toX, y1: 0, y2: 0 }),
    svg("path", { class: "head", d: `M${toX} 0l${back} -4v8z` }),
    svg("text", { class: `time ${anchor}`, x, y: -4 }, ms(at)),
  ];
}

/** Not through the room: one bar from end to end. */
function drawMedia({ label, times: { alice, bob } }: Rung, lanes: Lanes): SVGElement[] {
  const width = lanes.bob - lanes.alice;
  const drawn: SVGElement[] = [
    svg("rect", { class: "stream", x: lanes.alice, y: -12, width, height: 24, rx: 12 }),
    svg("text", { class: "on-stream middle", x: lanes.alice + width / 2, y: 4 }, label),
  ];
  if (alice !== undefined)
    drawn.push(svg("text", { class: "on-stream", x: lanes.alice + 12, y: 4 }, ms(alice)));
  if (bob !== undefined)
    drawn.push(svg("text", { class: "on-stream to-end", x: lanes.bob - 12, y: 4 }, ms(bob)));
  return drawn;
}

/** The rung for those who do not see it. */
function inWords({ kind, step, also, label, count, from, times, dropped }: Rung): string {
  const told = (["alice", "bob"] as const).flatMap((side) => {
    const at = times[side];
    if (at === undefined) return [];
    const verb =
      kind !== "message" ? "" : side === from ? " sends" : dropped === undefined ? " receives" : " drops";
    return [`${side === "alice" ? "Alice" : "Bob"}${verb} at ${ms(at)} ms`];
  });
  const why = dropped === undefined ? "" : `; ${dropped}`;
  const steps = step ? `${step}${also ? ` and ${also}` : ""}: ` : "";
  return `${steps}${label}${count === undefined ? "" : ` (${count})`}, ${told.join(", ")}${why}`;
}
