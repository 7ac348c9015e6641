/** A moment of a call that a benchmark can name. `place`, `ringing` and `accept` are the user's, the rest the phone's. */
export type MarkName =
  | "place"
  | "ringing"
  | "accept"
  | "devices open"
  | "description made"
  | "answer received"
  | "gathering complete"
  | "ICE connected"
  | "connected"
  | "first audio"
  | "first frame"
  | `${Message} sent`
  | `${Message} acknowledged`
  | "all candidates sent"
  | "ended";

/** A call's event by the end of its type: `m.call.invite` and so on. */
export type Message = "invite" | "answer" | "candidates" | "select_answer" | "hangup" | "reject" | "other";

const MESSAGES: readonly Message[] = ["invite", "answer", "candidates", "select_answer", "hangup", "reject"];

/** `other` where no call is made of such events. */
export const messageOf = (eventType: string): Message =>
  MESSAGES.find((message) => eventType.endsWith(`.call.${message}`)) ?? "other";

/** How many events of each kind were sent; kinds of which there were none are absent. */
export type EventCounts = { readonly [M in Message]?: number };

/** In ms, on the base of the clock that is handed in. */
export interface Moment {
  readonly name: MarkName;
  readonly at: number;
}

/** What happened at one end of the present call, and when. */
export interface Timeline {
  /** Forgets the last call. Whoever waits for something in it waits no longer. */
  begin(): void;
  /** Keeps the first moment of a kind; later ones change nothing. */
  mark(name: MarkName, at?: number): void;
  /** Counts an event that was sent; `id` tells a retry from another event. */
  count(id: string, message: Message): void;
  /** In order. */
  moments(): readonly Moment[];
  sent(): EventCounts;
  /** Resolves when the call has reached all of these; rejects where it ends before, unless its end is one of them. */
  reaches(...names: readonly MarkName[]): Promise<void>;
}

/** `now` is in ms, and the same for both ends of a call; `endedBefore` makes the error of a call that ends too soon. */
export function createTimeline(
  now: () => number,
  endedBefore: (missing: string) => Error = (missing) => new Error(`The call ended before: ${missing}.`),
): Timeline {
  let moments = new Map<MarkName, number>();
  let events = new Map<string, Message>();
  let watchers = new Set<() => void>();

  return {
    begin() {
      moments = new Map();
      events = new Map();
      watchers = new Set();
    },
    mark(name, at = now()) {
      if (moments.has(name)) return;
      moments.set(name, at);
      for (const look of watchers) look();
    },
    count: (id, message) => void events.set(id, message),
    moments: () => [...moments].map(([name, at]) => ({ name, at })).sort((a, b) => a.at - b.at),
    sent() {
      const counts: { [M in Message]?: number } = {};
      for (const message of events.values()) counts[message] = (counts[message] ?? 0) + 1;
      return counts;
    },
    reaches: (...names) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const missing = names.filter((name) => !moments.has(name));
          if (missing.length === 0) resolve();
          else if (moments.has("ended") && !names.includes("ended")) reject(endedBefore(missing.join(", ")));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      }),
  };
}
