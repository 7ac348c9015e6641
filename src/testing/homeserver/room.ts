import type { Json } from "./body.ts";
import type { Device } from "./store.ts";

export interface StoredEvent {
  readonly eventId: string;
  readonly sender: string;
  readonly type: string;
  /** Present on state events only. */
  readonly stateKey?: string;
  readonly content: Json;
  /** Where the event stands among all that the homeserver ever took in. */
  readonly position: number;
  /** In ms, by the homeserver's clock. */
  readonly sentAt: number;
  /** The state event that this one took the place of. */
  readonly replaces?: StoredEvent;
  /** The device and transaction that sent it, where it was sent by `/send`. */
  readonly device?: Device;
  readonly transactionId?: string;
}

export interface Room {
  readonly id: string;
  readonly events: StoredEvent[];
  /** By `stateName`: every event that ever stood for a type and state key, oldest first. */
  readonly state: Map<string, StoredEvent[]>;
}

export const stateName = (type: string, stateKey: string) => JSON.stringify([type, stateKey]);

/** The events that stood for a type and state key, oldest first. */
export const stateHistory = (room: Room, type: string, stateKey: string): readonly StoredEvent[] =>
  room.state.get(stateName(type, stateKey)) ?? [];

export const stateOf = (room: Room, type: string, stateKey = ""): StoredEvent | undefined =>
  stateHistory(room, type, stateKey).at(-1);

/** The room's state right after a position, by `stateName`. */
export function stateAt(room: Room, position: number): Map<string, StoredEvent> {
  const state = new Map<string, StoredEvent>();
  for (const [name, history] of room.state) {
    const event = history.findLast((candidate) => candidate.position <= position);
    if (event) state.set(name, event);
  }
  return state;
}

/** A user's membership right after a position, or now. */
export function membershipOf(room: Room, userId: string, position = Number.POSITIVE_INFINITY): unknown {
  const history = stateHistory(room, "m.room.member", userId);
  return history.findLast((event) => event.position <= position)?.content.membership;
}

/** The member events in force of those whose membership is one of these. */
export function membersOf(room: Room, ...memberships: string[]): StoredEvent[] {
  return [...room.state.values()].flatMap((history) => {
    const event = history.at(-1);
    const isMember =
      event?.type === "m.room.member" && memberships.includes(String(event.content.membership));
    return isMember ? [event] : [];
  });
}
