import { realClock } from "../../streams/clock.ts";
import type { Clock, Identity } from "../../streams/contract.ts";
import { MemoryHomeserver, type PostedEvent } from "./memory-homeserver.ts";
import { type MemoryTransport, memoryTransport } from "./memory-transport.ts";

export type { PostedEvent } from "./memory-homeserver.ts";
export type { MemoryTransport } from "./memory-transport.ts";

export interface MemoryRoomsOptions {
  readonly clock?: Clock;
  /** How long a message travels between a device and the rooms, one way, in ms; 0 unless told. */
  readonly latency?: number;
}

/** Rooms in this process. Whoever holds them is the homeserver: the transports only hold its accounts. */
export interface MemoryRooms {
  /**
   * A transport for a device; several of one user are several devices. `since` is where it goes on in the place of one
   * that was lost: the `position` of the last batch that was read.
   */
  connect(identity: Identity, options?: { readonly since?: string }): MemoryTransport;
  /** Lets a user in, for whom the room's past then counts. The first one in makes the room: private, unencrypted. */
  join(roomId: string, userId: string): void;
  /** Lets a user go; by another's hand it is a kick. */
  leave(roomId: string, userId: string, sender?: string): void;
  /**
   * Puts an event in a room, past all checks, and gives its id: state such as `m.room.encryption`, or what a
   * stranger's client might send.
   */
  post(roomId: string, event: PostedEvent): string;
}

/**
 * Rooms and transports without a server, for tests, simulations and demos. Deterministic under a virtual clock.
 * What a transport sends into an encrypted room travels encrypted (P42), as it would through an app's own client.
 */
export function createMemoryRooms({ clock = realClock, latency = 0 }: MemoryRoomsOptions = {}): MemoryRooms {
  const homeserver = new MemoryHomeserver(clock);
  const setState = (roomId: string, sender: string, type: string, stateKey: string, content: object) =>
    homeserver.post(roomId, { sender, type, stateKey, content });

  return {
    connect: (identity, { since } = {}) =>
      memoryTransport(homeserver, identity, {
        clock,
        latency,
        ...(since !== undefined && { since: Number(since) }),
      }),
    join(roomId, userId) {
      if (homeserver.isJoined(roomId, userId)) return;
      if (!homeserver.hasRoom(roomId))
        setState(roomId, userId, "m.room.join_rules", "", { join_rule: "invite" });
      setState(roomId, userId, "m.room.member", userId, { membership: "join" });
    },
    leave(roomId, userId, sender = userId) {
      if (!homeserver.isJoined(roomId, userId)) return;
      setState(roomId, sender, "m.room.member", userId, { membership: "leave" });
    },
    post: (roomId, event) => homeserver.post(roomId, event),
  };
}
