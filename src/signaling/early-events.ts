import type { RoomEvent } from "../streams/contract.ts";
import { type Call, mayBePeer } from "./call-state.ts";
import { headOf } from "./events.ts";

/** How many users, a room each, events are kept of, and how many of each: the newest (P44). */
const MAX_SENDERS = 32;
const MAX_EVENTS = 16;

/** One key from several strangers' strings, which cannot be made to meet another's: each is preceded by its length. */
export const join = (...parts: string[]): string =>
  // Joined: of pieces that are added one by one an engine keeps each.
  parts.map((part) => `${part.length}:${part}`).join("");

/** Remembers the last so many keys that were set. */
export class BoundedMap<V> extends Map<string, V> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override set(key: string, value: V): this {
    this.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#max && oldest !== undefined) this.delete(oldest);
    return this;
  }
}

/**
 * Events of calls that are not known, unread: their invite may be on its way, for clients send without waiting for what
 * they sent before. Kept by sender, so that nobody can drive out what others sent.
 */
export class EarlyEvents {
  readonly #bySender = new BoundedMap<readonly RoomEvent[]>(MAX_SENDERS);

  add(event: RoomEvent): void {
    const key = join(event.roomId, event.sender);
    this.#bySender.set(key, [...(this.#bySender.get(key) ?? []), event].slice(-MAX_EVENTS));
  }

  /** Those of a call by its peer or whoever may become it, and by our own user's devices; they are kept no longer. */
  take(call: Call): RoomEvent[] {
    const { roomId, callId, us } = call;
    const mayCount = (userId: string) => userId === us.userId || mayBePeer(call, userId);
    const isOf = (event: RoomEvent) =>
      event.roomId === roomId && mayCount(event.sender) && headOf(event)?.callId === callId;
    return [...this.#bySender].flatMap(([key, events]) => {
      const taken = events.filter(isOf);
      if (taken.length > 0)
        this.#bySender.set(
          key,
          events.filter((event) => !taken.includes(event)),
        );
      return taken;
    });
  }
}
