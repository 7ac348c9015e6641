/** docs/call-states.md, made from the tables of src/signaling/call-table.ts and from what `step()` does with each cell. */
import type { Input } from "../../src/signaling/call-state.ts";
import {
  APPLIES,
  COUNTS,
  FITS,
  isKept,
  SENDERS,
  type Sender,
  STATES,
  type State,
} from "../../src/signaling/call-table.ts";
import {
  CALLS,
  commandOf,
  eventsBy,
  INPUTS,
  partiesOf,
  rows,
  senders,
  states,
  tried,
} from "../../test/signaling/cells.ts";

const live = states.filter((state) => state !== "ended");

/** Where an input of each kind leads from each state: `from`, `to`, and by what. */
function transitions(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (from: string, to: string, by: string) => {
    const key = `${from} --> ${to}`;
    const names = found.get(key) ?? [];
    if (!names.includes(by)) found.set(key, [...names, by]);
  };
  add("[*]", "preparing", "command place");
  add("[*]", "arriving", "event invite");
  for (const state of live) {
    const tryAll = (by: string, inputs: readonly Input[]) => {
      for (const input of inputs) {
        const { call } = tried(CALLS[state](), input);
        if (call.state !== state) add(state, call.state, by);
      }
    };
    for (const type of rows.FITS) tryAll(`command ${type}`, [commandOf(type)]);
    for (const type of rows.COUNTS)
      for (const sender of senders)
        tryAll(
          `event ${type}`,
          partiesOf(sender, state).flatMap((party) => eventsBy(type, party)),
        );
    for (const kind of rows.APPLIES) tryAll(kind, INPUTS[kind]);
  }
  add("ended", "[*]", "");
  return found;
}

/** What of one kind leads the same way is written in one line. */
function label(names: readonly string[]): string {
  const kinds = new Map<string, string[]>();
  for (const name of names) {
    const [kind, row] = name.includes(" ") ? (name.split(" ") as [string, string]) : ["", name];
    kinds.set(kind, [...(kinds.get(kind) ?? []), row]);
  }
  return [...kinds].map(([kind, each]) => `${kind} ${each.join(", ")}`.trim()).join("<br/>");
}

const diagram = () =>
  [...transitions()]
    .map(([arrow, names]) => `    ${arrow}${names[0] ? ` : ${label(names)}` : ""}`)
    .join("\n");

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const table = (name: string, columns: readonly string[], lines: readonly (readonly string[])[]) =>
  [row([name, ...columns]), row(["---", ...columns.map(() => "---")]), ...lines.map(row)].join("\n");
const meanings = (name: string, words: Readonly<Record<string, string>>) =>
  table(
    name,
    ["Meaning"],
    Object.entries(words).map(([each, meaning]) => [`\`${each}\``, meaning]),
  );
const marks = (name: string, has: Readonly<Record<string, readonly State[]>>) =>
  table(
    name,
    live,
    Object.entries(has).map(([each, states]) => [
      `\`${each}\``,
      ...live.map((state) => (states.includes(state) ? "yes" : "")),
    ]),
  );

function counts(): string {
  const cell = (type: keyof typeof COUNTS, state: State) => {
    const from: Partial<Record<State, readonly Sender[]>> = COUNTS[type];
    const text = (from[state] ?? []).join(", ");
    return text && isKept(type, state) ? `${text} (kept)` : text;
  };
  return table(
    "Event",
    live,
    rows.COUNTS.map((type) => [`\`${type}\``, ...live.map((state) => cell(type, state))]),
  );
}

/** The page, whole. */
export const callStatesPage = (): string => `# The states of a call

Made by \`npx tsx scripts/check-call-states.ts --write\` from \`src/signaling/call-table.ts\`, which \`step()\` in
\`call.ts\` goes by, and from what \`step()\` does; \`npm test\` checks it.
\`test/signaling/call-table.test.ts\` tries every cell.

\`\`\`mermaid
stateDiagram-v2
${diagram()}
\`\`\`

${meanings("State", STATES)}

## Events

Who an event comes from is worked out once, by \`senderOf()\` in \`call-state.ts\`, for the pair of user and party (P4, P5, P41).

${meanings("Sender", SENDERS)}

Which event counts in which state, and from whom. Any other changes nothing, and the trace shows why. What is *kept* is
applied when the call rings or is answered: see [decisions/early-events.md](decisions/early-events.md). Events of a call
that has ended are ignored.

${counts()}

## Commands

Which command fits which state. Any other is refused with \`wrong_state\`, but \`path\`, which is a report.

${marks("Command", FITS)}

## Everything else

In which states it applies; elsewhere it does nothing. \`sent\`, \`failed\` and \`echoed\` are named with the kind of our
event that they are about; of other events they change nothing.

${marks("Input", APPLIES)}
`;
