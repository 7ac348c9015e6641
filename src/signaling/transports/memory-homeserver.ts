import { Subject } from "rxjs";
import type { Clock, EventBatch, RoomEvent } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { MemoryDelayed } from "./memory-delayed.ts";

/** The most bytes of an event (P30), and how many of them are left for what goes around its content. */
const EVENT_BYTES = 65_536;
const ENVELOPE_BYTES = 1_024;

/** An event as whoever made it would have it; nothing about it is checked. */
export interface PostedEvent {
  readonly sender: string;
  readonly type: string;
  readonly content: object;
  /** Makes it a state event. */
  readonly stateKey?: string;
  /** Whether it travelled encrypted (P42); not unless told. */
  readonly encrypted?: boolean;
}

interface StoredEvent {
  readonly event: RoomEvent;
  /** Its place among all events of all rooms. */
  readonly position: number;
  readonly at: number;
}

interface Room {
  readonly events: StoredEvent[];
  readonly members: Map<string, Member>;
  encrypted: boolean;
}

/** Where a user last came in or went. */
interface Member {
  readonly joined: boolean;
  readonly position: number;
}

export interface SyncAnswer {
  readonly next: number;
  readonly events: readonly RoomEvent[];
  readonly members: NonNullable<EventBatch["members"]>;
}

/** The rooms, who is in them, and what was said. Synchronous: how messages travel is the transport's business. */
export class MemoryHomeserver {
  /** Emits when a waiting sync may have something to answer. */
  readonly news$ = new Subject<void>();
  readonly #rooms = new Map<string, Room>();
  /** What each transaction came to. */
  readonly #sent = new Map<string, string>();
  readonly #clock: Clock;
  readonly #delayed: MemoryDelayed;
  #position = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#delayed = new MemoryDelayed(clock);
  }

  /** Events that wait to be sent. */
  get delayed(): Pick<MemoryDelayed, "restart" | "cancel"> {
    return this.#delayed;
  }

  /** Takes an event as `Transport.send` says. A transaction is known by `txnKey` and its room. */
  send(roomId: string, event: PostedEvent, txnKey: string): string {
    return this.#once(roomId, event.type, txnKey, () => this.#send(roomId, event));
  }

  /** The same `delay` ms later, as `DelayedEvents.schedule` says. What is refused then is sent nowhere. */
  schedule(roomId: string, event: PostedEvent, txnKey: string, delay: number): string {
    const later = { ...event, content: structuredClone(event.content) };
    return this.#once(roomId, event.type, txnKey, () =>
      this.#delayed.schedule(delay, () => this.#send(roomId, later)),
    );
  }

  #once(roomId: string, type: string, txnKey: string, work: () => string): string {
    const transaction = JSON.stringify([roomId, type, txnKey]);
    const earlier = this.#sent.get(transaction);
    if (earlier !== undefined) return earlier;
    const id = work();
    this.#sent.set(transaction, id);
    return id;
  }

  #send(roomId: string, event: PostedEvent): string {
    const room = this.#rooms.get(roomId);
    if (!room?.members.get(event.sender)?.joined) {
      throw new TrunklineError("not_in_room", `${event.sender} is not in room ${roomId}. Join it first`);
    }
    const bytes = new TextEncoder().encode(JSON.stringify(event.content)).byteLength;
    if (bytes > EVENT_BYTES - ENVELOPE_BYTES) {
      throw new TrunklineError("event_too_large", `A content of ${bytes} bytes is too large for an event`);
    }
    return this.post(roomId, { ...event, encrypted: room.encrypted });
  }

  /** Puts an event in a room, which it makes where there is none. State takes effect. */
  post(roomId: string, { sender, type, content, stateKey, encrypted = false }: PostedEvent): string {
    const room = this.#room(roomId);
    const position = this.#position++;
    const eventId = `$${position}`;
    const event = { roomId, eventId, sender, type, content: structuredClone(content), encrypted };
    const stored = {
      event: { ...event, ...(stateKey !== undefined && { stateKey }) },
      position,
      at: this.#clock.now(),
    };
    room.events.push(stored);
    if (stateKey !== undefined) applyState(room, stored, stateKey);
    this.news$.next();
    return eventId;
  }

  hasRoom(roomId: string): boolean {
    return this.#rooms.has(roomId);
  }

  isJoined(roomId: string, userId: string): boolean {
    return this.#rooms.get(roomId)?.members.get(userId)?.joined ?? false;
  }

  /**
   * What a user's sync gets from a position on; without one, all of the rooms that the user is in. With `state`, the
   * state from before comes first.
   */
  sync(userId: string, since?: number, state = false): SyncAnswer {
    const now = this.#clock.now();
    const news = [...this.#rooms].map(([roomId, room]) => {
      const events = visible(room, userId, since, state);
      return { roomId, room, events, isIn: room.members.get(userId)?.joined ?? false };
    });
    const events = news.flatMap((share) =>
      share.events.map(({ event, at }) => ({
        ...event,
        content: structuredClone(event.content),
        age: now - at,
      })),
    );
    const counted = news.filter((share) => share.isIn && share.events.some(isMembership));
    return { next: this.#position, events, members: counted.map(memberCount) };
  }

  #room(roomId: string): Room {
    const known = this.#rooms.get(roomId);
    if (known !== undefined) return known;
    const room: Room = { events: [], members: new Map(), encrypted: false };
    this.#rooms.set(roomId, room);
    return room;
  }
}

const isMembership = ({ event }: StoredEvent) => event.type === "m.room.member";

function memberCount({ roomId, room }: { readonly roomId: string; readonly room: Room }) {
  return { roomId, joined: [...room.members.values()].filter(({ joined }) => joined).length };
}

function applyState(room: Room, { event, position }: StoredEvent, stateKey: string): void {
  if (event.type === "m.room.encryption") room.encrypted = true; // and stays so
  if (event.type !== "m.room.member") return;
  const joined = (event.content as { membership?: unknown }).membership === "join";
  room.members.set(stateKey, { joined, position });
}

/** A member sees a room's past when it joins, and nothing after it has gone. */
function visible(
  { events, members }: Room,
  userId: string,
  since: number | undefined,
  state: boolean,
): readonly StoredEvent[] {
  const member = members.get(userId);
  if (member === undefined) return [];
  if (!member.joined) {
    return since === undefined
      ? []
      : events.filter(({ position }) => position >= since && position <= member.position);
  }
  if (since === undefined || member.position >= since) return events;
  return events.filter(({ position, event }) => position >= since || (state && event.stateKey !== undefined));
}
