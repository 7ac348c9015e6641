import { matchesEvent, type RoomFilter, timelineLimit } from "./filter.ts";
import { type Room, type StoredEvent, stateAt } from "./room.ts";

/** The part of a room's events in question: after one position, up to and with another. */
export interface Span {
  readonly after: number;
  readonly upTo: number;
}

export interface Timeline {
  readonly events: readonly StoredEvent[];
  /** Whether there are more than these; Synapse also says so where it has not looked far enough to know. */
  readonly limited: boolean;
}

/** How many times Synapse reads further back for events that a filter lets through. */
const READS = 5;

/**
 * The newest events of a span that the filter lets through. Filtered and counted in Synapse's order: the limit is first
 * held against all events, and only then against those that match. `fromScratch` is for a room that is new to the reader.
 */
export function timelineOf(room: Room, span: Span, filter: RoomFilter, fromScratch: boolean): Timeline {
  const limit = timelineLimit(filter);
  const all = eventsIn(room, span);
  const matching = (from: number, to?: number) =>
    all.slice(from, to).filter((event) => matchesEvent(filter.timeline, room.id, event));
  if (!fromScratch && all.length <= limit) return { events: matching(0), limited: false };
  let start = fromScratch ? all.length : all.length - limit - 1;
  let found = matching(start);
  let limited = true;
  for (let read = 0; limited && found.length < limit && read < READS; read++) {
    const from = Math.max(0, start - Math.max(limit * 2, 10));
    found = [...matching(from, start), ...found];
    start = from;
    limited = start > 0;
  }
  return found.length > limit ? { events: found.slice(-limit), limited: true } : { events: found, limited };
}

function eventsIn(room: Room, { after, upTo }: Span): StoredEvent[] {
  const start = room.events.findLastIndex((event) => event.position <= after) + 1;
  const end = room.events.findLastIndex((event) => event.position <= upTo) + 1;
  return room.events.slice(start, end);
}

/** Who reads, what they know, and up to where they shall know. */
export interface Horizon {
  readonly reader: string;
  /** The position whose state the reader has; none means nothing. */
  readonly known: number | undefined;
  readonly upTo: number;
}

/**
 * The state that a reader who applies it and then the timeline ends up right with. State that the filter kept out of
 * the timeline is in here, but, as in Synapse, not where it all came after the timeline: such a change goes untold.
 */
export function stateBefore(
  room: Room,
  timeline: Timeline,
  { known, upTo, reader }: Horizon,
  filter: RoomFilter,
): StoredEvent[] {
  if (known !== undefined && !timeline.limited) {
    const all = eventsIn(room, { after: known, upTo });
    if (timeline.events.every((event, index) => event === all[index])) return [];
  }
  const shown = new Set(timeline.events);
  const first = timeline.events[0];
  const old = known === undefined ? new Map<string, StoredEvent>() : stateAt(room, known);
  const start = first && stateAt(room, first.position);
  const isWanted = (event: StoredEvent) =>
    matchesEvent(filter.state, room.id, event) &&
    (known !== undefined || isDue(event, timeline, reader, filter));
  return [...stateAt(room, upTo)].flatMap(([name, latest]) => {
    const event = [latest, start?.get(name)].find(
      (candidate) => candidate && !shown.has(candidate) && candidate !== old.get(name),
    );
    return event && isWanted(event) ? [event] : [];
  });
}

/** Who loads members lazily is told, of a room that is new to them, of themselves and of those who speak. */
const isDue = ({ type, stateKey }: StoredEvent, { events }: Timeline, reader: string, filter: RoomFilter) =>
  type !== "m.room.member" ||
  !filter.state.lazy_load_members ||
  stateKey === reader ||
  events.some(({ sender }) => sender === stateKey);
