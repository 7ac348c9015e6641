import type { EventBatch, Identity, RoomEvent, TurnServers } from "../../streams/contract.ts";

/** How long to go without asking again where a homeserver has no TURN servers, or gives no time, in s. */
const DEFAULT_TTL = 3_600;

export interface SyncAnswer {
  readonly nextBatch: string;
  /** The rooms we are in that the answer speaks of. */
  readonly joined: readonly string[];
  readonly events: readonly RoomEvent[];
  readonly members: NonNullable<EventBatch["members"]>;
}

/** An own property of what may be an object. Nothing a server sends is trusted to be what it should be (P43). */
export function own(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** The answer to `/sync`; undefined where it is not one. Events that are not whole are left out. */
export function parseSync(answer: unknown): SyncAnswer | undefined {
  const nextBatch = own(answer, "next_batch");
  if (typeof nextBatch !== "string") return undefined;
  const rooms = own(answer, "rooms");
  const joined = entries(own(rooms, "join"));
  const left = entries(own(rooms, "leave"));
  return {
    nextBatch,
    joined: joined.map(([roomId]) => roomId),
    members: joined.flatMap(([roomId, room]) => {
      const count = own(own(room, "summary"), "m.joined_member_count");
      return typeof count === "number" && Number.isSafeInteger(count) && count >= 0
        ? [{ roomId, joined: count }]
        : [];
    }),
    events: [...joined, ...left].flatMap(([roomId, room]) =>
      [...events(room, "state"), ...events(room, "timeline")].flatMap((event) => parseEvent(roomId, event)),
    ),
  };
}

/** A user and a device, where the token has one; undefined where it is no answer to `/account/whoami`. */
export function parseWhoami(answer: unknown): (Partial<Identity> & Pick<Identity, "userId">) | undefined {
  const userId = own(answer, "user_id");
  const deviceId = own(answer, "device_id");
  if (typeof userId !== "string") return undefined;
  return typeof deviceId === "string" ? { userId, deviceId } : { userId };
}

/** TURN servers that a peer connection takes: one throws at a TURN address without credentials (P29). */
export function parseTurnServers(answer: unknown): TurnServers {
  const ttl = own(answer, "ttl");
  const username = own(answer, "username");
  const credential = own(answer, "password");
  const hasCredentials = typeof username === "string" && typeof credential === "string";
  const urls = list(own(answer, "uris")).filter(
    (uri): uri is string => typeof uri === "string" && (hasCredentials ? ICE : STUN).test(uri),
  );
  return {
    iceServers: urls.length === 0 ? [] : [{ urls, ...(hasCredentials && { username, credential }) }],
    ttl: typeof ttl === "number" && ttl > 0 ? ttl : DEFAULT_TTL,
  };
}

const ICE = /^(stun|turn)s?:./;
const STUN = /^stuns?:./;

function parseEvent(roomId: string, event: unknown): RoomEvent[] {
  const eventId = own(event, "event_id");
  const sender = own(event, "sender");
  const type = own(event, "type");
  const content = own(event, "content");
  const stateKey = own(event, "state_key");
  const age = own(own(event, "unsigned"), "age");
  if (typeof eventId !== "string" || typeof sender !== "string" || typeof type !== "string") return [];
  if (typeof content !== "object" || content === null) return [];
  if (stateKey !== undefined && typeof stateKey !== "string") return [];
  return [
    {
      roomId,
      eventId,
      sender,
      type,
      content,
      encrypted: false,
      ...(stateKey !== undefined && { stateKey }),
      ...(typeof age === "number" && Number.isFinite(age) && { age }),
    },
  ];
}

function events(room: unknown, section: "state" | "timeline"): readonly unknown[] {
  return list(own(own(room, section), "events"));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entries(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
