import type { TraceEntry } from "./contract.ts";

/**
 * A call's story as a Mermaid sequence diagram, as one side saw it: milestones as notes, messages as arrows to and
 * from the room, each with the ms since the first entry. Dropped messages end in a cross, with the reason.
 */
export function toMermaid(
  story: readonly TraceEntry[],
  names: { readonly us: string; readonly peer: string },
): string {
  const inOrder = [...story].sort((a, b) => a.at - b.at);
  const start = inOrder[0]?.at ?? 0;
  return [
    "sequenceDiagram",
    `  participant us as ${plain(names.us)}`,
    "  participant room as Matrix room",
    `  participant peer as ${plain(names.peer)}`,
    ...inOrder.map((entry) => `  ${line(entry, Math.round(entry.at - start))}`),
  ].join("\n");
}

function line(entry: TraceEntry, after: number): string {
  if (entry.kind === "milestone") return `Note over us: ${entry.name.replaceAll("_", " ")} +${after} ms`;
  const note = entry.note === undefined ? "" : ` (${plain(entry.note)})`;
  const text = `${plain(entry.eventType)}${note} +${after} ms`;
  if (entry.direction === "sent") return `us->>room: ${text}`;
  return entry.direction === "received" ? `room->>us: ${text}` : `room--xus: ${text}`;
}

/** What Mermaid would read as its own syntax is left out. */
const plain = (text: string): string => text.replace(/[^\w@.:,' ()/-]/g, "");
