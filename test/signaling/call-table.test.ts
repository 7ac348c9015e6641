/** What counts, fits and applies in which state: every cell of the tables, and that `step()` goes by them. */
import { describe, expect, it } from "vitest";
import type { Call, Input, Step } from "../../src/signaling/call-state.ts";
import { APPLIES, COUNTS, FITS, isKept, KEPT, type State } from "../../src/signaling/call-table.ts";
import { CALLS, commandOf, eventsBy, INPUTS, partiesOf, rows, senders, states, tried } from "./cells.ts";
import {
  alice,
  answer,
  batchRead,
  bob,
  command,
  event,
  invited,
  ref,
  run,
  signals,
  theirs,
} from "./support.ts";

/** In brackets: counts, but is kept for the next state. */
const EVENTS = `
                 | preparing | inviting      | arriving             | ringing              | answered_out | answered_in | ended
invite           |           |               |                      |                      |              |             |
answer           |           | invitee       | our_device           | our_device           |              | our_device  |
candidates       |           | [invitee]     | [peer]               | peer                 | peer         | peer        |
select_answer    |           |               | peer                 | peer                 |              | peer        |
reject           |           | invitee       | our_device           | our_device           |              |             |
hangup           | us        | us, invitee   | us, peer, our_device | us, peer, our_device | us, peer     | us, peer    |
streams          |           | [invitee]     | [peer]               | peer                 | peer         | peer        |
negotiate        |           | [invitee]     |                      |                      | peer         | peer        |
transfer         |           | [invitee]     |                      |                      | peer         | peer        |
transfer_refused |           |               |                      |                      | peer         | peer        |
identity         |           | [invitee]     | [peer]               | peer                 | peer         | peer        |
`;
const COMMANDS = `
                 | preparing | inviting | arriving | ringing | answered_out | answered_in | ended
place            |           |          |          |         |              |             |
invite           | fits      |          |          |         |              |             |
answer           |           |          |          | fits    |              |             |
reject           |           |          |          | fits    |              |             |
claim            | fits      | fits     | fits     | fits    | fits         | fits        |
release          | fits      | fits     | fits     | fits    | fits         | fits        |
candidate        |           | fits     |          |         | fits         | fits        |
streams          |           | fits     |          |         | fits         | fits        |
negotiate        |           |          |          |         | fits         | fits        |
transfer         |           |          |          |         | fits         | fits        |
refuse_transfer  |           |          |          |         | fits         | fits        |
path             | fits      | fits     | fits     | fits    | fits         | fits        |
hangup           | fits      | fits     | fits     | fits    | fits         | fits        |
`;
const REST = `
                 | preparing | inviting | arriving | ringing | answered_out | answered_in | ended
batch_read       |           |          | applies  |         |              |             |
outranked        |           |          | applies  |         |              |             |
superseded       |           |          | applies  | applies |              |             |
replaced         | applies   | applies  |          |         |              |             |
expired          | applies   | applies  | applies  | applies |              |             |
batched          |           | applies  |          |         | applies      | applies     |
streams_settled  |           | applies  |          |         | applies      | applies     |
left             | applies   | applies  | applies  | applies | applies      | applies     |
sent_invite      |           | applies  |          |         | applies      |             |
sent_answer      |           |          |          |         |              | applies     |
failed_invite    |           | applies  |          |         |              |             |
failed_answer    |           |          |          |         |              | applies     |
echoed_invite    | applies   | applies  |          |         | applies      |             |
echoed_answer    |           |          |          | applies |              | applies     |
`;

/** The rows of a table as it is written above: by name, then by state. */
function read(text: string): Record<string, Record<string, string>> {
  const [head = [], ...lines] = text
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const columns = head.slice(1);
  return Object.fromEntries(
    lines.map(([name = "", ...cells]) => [
      name,
      Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""])),
    ]),
  );
}
const cellsOf = (text: string) =>
  Object.entries(read(text)).flatMap(([row, cells]) =>
    Object.entries(cells).map(([state, cell]) => [row, state as State, cell] as const),
  );

const isIncluded = (table: Readonly<Record<string, readonly State[]>>, row: string, state: State) =>
  table[row]?.includes(state) ?? false;
const changes = (call: Call, step: Step) =>
  step.call.state !== call.state || signals(step.effects).length > 0;

describe("the tables", () => {
  it("have a row for each event, command and other input, and a column for each state", () => {
    for (const [text, expected] of [
      [EVENTS, rows.COUNTS],
      [COMMANDS, rows.FITS],
      [REST, rows.APPLIES],
    ] as const) {
      expect(Object.keys(read(text))).toEqual(expected);
      for (const row of Object.values(read(text))) expect(Object.keys(row)).toEqual(states);
    }
  });

  it.each(cellsOf(EVENTS))("P41 %s while %s counts from: %s", (row, state, cell) => {
    const counts: Readonly<Record<string, Partial<Record<State, readonly string[]>>>> = COUNTS;
    const found = [...(counts[row]?.[state] ?? [])];
    expect(
      found.length > 0 && isKept(row as keyof typeof COUNTS, state)
        ? `[${found.join(", ")}]`
        : found.join(", "),
    ).toBe(cell);
  });

  it.each(cellsOf(COMMANDS))("%s while %s: %s", (row, state, cell) => {
    expect(isIncluded(FITS, row, state)).toBe(cell === "fits");
  });

  it.each(cellsOf(REST))("%s while %s: %s", (row, state, cell) => {
    expect(isIncluded(APPLIES, row, state)).toBe(cell === "applies");
  });
});

describe("an event", () => {
  /** These count, and change nothing by themselves. */
  const SILENT = ["answer while answered_in", "select_answer of us"];

  it.each(cellsOf(EVENTS))(
    "P4 P5 P41 %s while %s counts from whom it may come, and from nobody else: %s",
    (row, state, cell) => {
      const type = row as keyof typeof COUNTS;
      for (const sender of senders)
        for (const party of partiesOf(sender, state)) {
          const counts = cell.replace(/[[\]]/g, "").split(", ").includes(sender);
          eventsBy(type, party).forEach((input, variant) => {
            const call = CALLS[state]();
            const step = tried(call, input);
            const what = `from ${sender}`;
            const drops = step.effects.some((effect) => effect.type === "dropped");
            if (!counts) {
              expect([what, drops, step.call]).toEqual([what, state !== "ended", call]);
              expect(step.effects.filter(({ type }) => type !== "dropped" && type !== "delivered")).toEqual(
                [],
              );
              if (state === "ended") expect(step.effects).toEqual([]);
            } else if (cell.startsWith("[")) {
              expect([what, drops, step.call]).toEqual([
                what,
                false,
                { ...call, early: [{ party, events: [(input as { event: unknown }).event] }] },
              ]);
              expect(signals(step.effects)).toEqual([]);
            } else {
              const silent = SILENT.includes(variant === 1 ? `${row} of us` : `${row} while ${state}`);
              const does = changes(call, step) || (row === "hangup" && state === "arriving");
              expect([what, drops, does]).toEqual([what, false, !silent]);
            }
          });
        }
    },
  );

  const steps: [string, "arriving" | "inviting", Input][] = [
    ["rings", "arriving", batchRead()],
    ["is answered", "inviting", event(bob, { type: "answer", ...answer })],
  ];
  it.each(
    steps.flatMap(([what, state, input]) =>
      KEPT.events
        .filter((name) => read(EVENTS)[name]?.[state])
        .map((name) => [name, what, state, input] as const),
    ),
  )("%s counts the same before the call %s as after", (name, _what, state, input) => {
    const [early] = eventsBy(name, state === "arriving" ? alice : bob);
    const emittedBy = (...inputs: Input[]) => {
      const emitted: unknown[] = [];
      let call: Call = state === "arriving" ? theirs() : invited();
      for (const each of inputs) {
        const next = run(call, each);
        emitted.push(...signals(next.effects));
        call = next.call;
      }
      return { emitted, call };
    };
    const [before, after] = [emittedBy(early as Input, input), emittedBy(input, early as Input)];
    expect(before).toEqual(after);
    expect(before.emitted).toHaveLength(2);
    expect(before.call).not.toHaveProperty("early");
  });
});

describe("a command", () => {
  it.each(cellsOf(COMMANDS))("%s while %s, which %s, is carried out or refused", (row, state, cell) => {
    const call = CALLS[state]();
    const { call: next, effects } = tried(call, commandOf(row as keyof typeof FITS));
    if (cell === "fits") {
      expect(effects.map(({ type }) => type)).not.toContain("refused");
      expect(next !== call || effects.length > 0).toBe(row !== "claim" && row !== "release");
      return;
    }
    expect(next).toBe(call);
    // Nobody waits for the report of a path.
    if (row === "path") return expect(effects).toEqual([]);
    expect(effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
    const { message } = (effects[0] as Extract<(typeof effects)[0], { type: "refused" }>).error;
    expect(message).toBe(`Cannot ${row.replace("_", " ")} call ${ref.callId}: it is ${state}.`);
  });

  it.each(["of_a_newer_page", "constructor", "toString", "batch_read"])(
    "%s, which is none, is refused",
    (type) => {
      for (const state of states) {
        const { effects } = tried(CALLS[state](), command({ type } as never));
        expect(effects).toMatchObject([{ type: "refused", error: { code: "wrong_state" } }]);
      }
    },
  );
});

describe("the rest", () => {
  it.each(cellsOf(REST))("%s while %s, where it %s, does something or nothing", (row, state, cell) => {
    for (const input of INPUTS[row as keyof typeof APPLIES]) {
      const call = CALLS[state]();
      const step = tried(call, input);
      if (cell === "applies") expect(step.call !== call || step.effects.length > 0).toBe(true);
      else expect(step).toEqual({ call, effects: [] });
    }
  });

  it.each(["negotiate", "candidates", "other"] as const)("a call goes on without its %s", (what) => {
    const error = { code: "forbidden", message: "no" } as const;
    for (const state of states)
      for (const input of [
        { type: "sent", what },
        { type: "failed", what, error },
      ] as const) {
        const call = CALLS[state]();
        expect(tried(call, input)).toEqual({ call, effects: [] });
      }
  });
});
