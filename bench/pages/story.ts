/** What happened in this page's present call, and when. */
import type { EventCounts, MarkName, Message, Moment } from "./bench-page.ts";

let moments = new Map<MarkName, number>();
let events = new Map<string, Message>();
let watchers = new Set<() => void>();

export const now = (): number => performance.timeOrigin + performance.now();

/** Notes the first moment of a kind; later ones are of no interest. */
export function mark(name: MarkName, at = now()): void {
  if (moments.has(name)) return;
  moments.set(name, at);
  for (const look of watchers) look();
}

/** Notes an event that the homeserver has taken; `id` tells a retry from another event. */
export function count(id: string, message: Message): void {
  events.set(id, message);
}

export function begin(): void {
  moments = new Map();
  events = new Map();
  watchers = new Set();
}

export function sent(): EventCounts {
  const counts: { [M in Message]?: number } = {};
  for (const message of events.values()) counts[message] = (counts[message] ?? 0) + 1;
  return counts;
}

export const told = (): readonly Moment[] =>
  [...moments].map(([name, at]) => ({ name, at })).sort((a, b) => a.at - b.at);

/** Resolves when all of these were reached; rejects where the call ends before, unless its end is one of them. */
export function reaches(...names: MarkName[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const missing = names.filter((name) => !moments.has(name));
      if (missing.length === 0) resolve();
      else if (moments.has("ended") && !names.includes("ended"))
        reject(new Error(`the call ended before: ${missing.join(", ")}`));
      else return;
      watchers.delete(look);
    };
    watchers.add(look);
    look();
  });
}
