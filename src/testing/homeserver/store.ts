import { type Observable, Subject } from "rxjs";
import type { Clock } from "../../streams/contract.ts";
import type { Json } from "./body.ts";
import { randomText } from "./random.ts";
import { membersOf, type Room, type StoredEvent, stateHistory, stateName } from "./room.ts";

export interface User {
  readonly id: string;
  readonly localpart: string;
  /** Kept as it is: no real password belongs here. */
  readonly password: string;
  displayname: string;
  readonly devices: Map<string, Device>;
  readonly filters: Json[];
  /** Every room in which the user ever had a membership. */
  readonly rooms: Set<Room>;
}

export interface Device {
  readonly user: User;
  readonly id: string;
  token: string;
  /** When the token ends, where it is one that does; with what a new one is had. */
  session?: { readonly expiresAt: number; readonly refreshToken: string };
  keys?: Json;
  readonly oneTimeKeys: Set<string>;
  /** To-device messages that no later sync has acknowledged. */
  inbox: readonly ToDeviceMessage[];
  /** How each transaction of this device was answered, so that a repeat does nothing (P30). */
  readonly transactions: Map<string, Json>;
}

export interface ToDeviceMessage {
  readonly position: number;
  readonly message: { readonly type: string; readonly sender: string; readonly content: Json };
}

/** All that the homeserver knows. */
export interface Store {
  readonly serverName: string;
  readonly clock: Clock;
  /** How long the tokens of sessions live that can be refreshed, in ms. */
  readonly tokenLifetime: number;
  readonly users: Map<string, User>;
  readonly tokens: Map<string, Device>;
  readonly rooms: Map<string, Room>;
  /** The position of the latest event or to-device message. */
  position: number;
  /** Users for whom there is something new since the last `flush`. */
  readonly touched: Set<User>;
  /** Emits those users once the request that touched them is done, so that one sync gets all that it made. */
  readonly news$: Observable<ReadonlySet<User>>;
  flush(): void;
}

export function createStore(serverName: string, clock: Clock, tokenLifetime = 300_000): Store {
  const news$ = new Subject<ReadonlySet<User>>();
  const touched = new Set<User>();
  return {
    serverName,
    clock,
    tokenLifetime,
    users: new Map(),
    tokens: new Map(),
    rooms: new Map(),
    position: 0,
    touched,
    news$,
    flush() {
      if (touched.size === 0) return;
      const users = new Set(touched);
      touched.clear();
      news$.next(users);
    },
  };
}

export function addRoom(store: Store): Room {
  const room: Room = { id: `!${randomText(18)}:${store.serverName}`, events: [], state: new Map() };
  store.rooms.set(room.id, room);
  return room;
}

export type Draft = Omit<StoredEvent, "eventId" | "position" | "sentAt" | "replaces">;

/** Takes an event into a room. Whether it is allowed has been decided before. */
export function addEvent(store: Store, room: Room, draft: Draft): StoredEvent {
  const { type, stateKey } = draft;
  const replaces = stateKey === undefined ? undefined : stateHistory(room, type, stateKey).at(-1);
  store.position += 1;
  const event: StoredEvent = {
    ...draft,
    eventId: `$${randomText(43)}`,
    position: store.position,
    sentAt: Math.floor(store.clock.now()),
    ...(replaces && { replaces }),
  };
  room.events.push(event);
  if (stateKey !== undefined) {
    room.state.set(stateName(type, stateKey), [...stateHistory(room, type, stateKey), event]);
    if (type === "m.room.member") store.users.get(stateKey)?.rooms.add(room);
  }
  for (const userId of [stateKey, ...membersOf(room, "join", "invite").map((member) => member.stateKey)]) {
    const user = store.users.get(userId ?? "");
    if (user) store.touched.add(user);
  }
  return event;
}

/** Puts a to-device message into a device's inbox. */
export function deliver(store: Store, device: Device, message: ToDeviceMessage["message"]): void {
  store.position += 1;
  device.inbox = [...device.inbox, { position: store.position, message }];
  store.touched.add(device.user);
}
