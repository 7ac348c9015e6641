import { virtualClock } from "../../src/testing/clock.ts";
import { createHomeserver, type Homeserver } from "../../src/testing/homeserver/index.ts";

export interface ClientEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly content: { readonly [key: string]: unknown };
  readonly unsigned?: { readonly age?: number; readonly transaction_id?: string };
}

interface RoomShare {
  readonly timeline: {
    readonly events: ClientEvent[];
    readonly limited: boolean;
    readonly prev_batch: string;
  };
  readonly state: { readonly events: ClientEvent[] };
  readonly summary: object;
  readonly invite_state: { readonly events: ClientEvent[] };
}

type Rooms = { readonly [roomId: string]: RoomShare };

/** What any answer may hold; a test looks at what it asked for. */
export interface Body {
  readonly [key: string]: unknown;
  readonly errcode?: string;
  readonly access_token: string;
  readonly event_id: string;
  readonly room_id: string;
  readonly next_batch: string;
  readonly rooms?: { readonly join?: Rooms; readonly invite?: Rooms; readonly leave?: Rooms };
  readonly to_device?: { readonly events: ClientEvent[] };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export type Ask = (
  method: string,
  path: string,
  options?: { readonly body?: unknown; readonly signal?: AbortSignal },
) => Promise<Answer>;

/** Asks with an access token, or without; a path that does not start with `/_matrix` is of the client API. */
export const asker =
  (homeserver: Homeserver, token?: string): Ask =>
  async (method, path, { body, signal } = {}) => {
    const url = `http://homeserver.test${path.startsWith("/_matrix") ? "" : "/_matrix/client/v3"}${path}`;
    const response = await homeserver.fetch(
      new Request(url, {
        method,
        ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    );
    return { status: response.status, headers: response.headers, body: await bodyOf(response) };
  };

async function bodyOf(response: Response): Promise<Body> {
  const text = await response.text();
  return JSON.parse(response.headers.get("Content-Type") === "application/json" ? text : "{}");
}

/** A registered user on one device, and what tests do with it over and over. */
export function createClient(homeserver: Homeserver, name: string, deviceId?: string) {
  const account = homeserver.createUser(name, deviceId === undefined ? {} : { deviceId });
  const ask = asker(homeserver, account.accessToken);
  return { ...account, ask, ...verbs(ask) };
}

export type TestClient = ReturnType<typeof createClient>;

export function verbs(ask: Ask) {
  const at = (roomId: string) => `/rooms/${encodeURIComponent(roomId)}`;
  return {
    at,
    createRoom: async (settings: object = {}) =>
      (await ask("POST", "/createRoom", { body: settings })).body.room_id,
    join: (roomId: string) => ask("POST", `${at(roomId)}/join`),
    leave: (roomId: string) => ask("POST", `${at(roomId)}/leave`),
    invite: (roomId: string, userId: string) =>
      ask("POST", `${at(roomId)}/invite`, { body: { user_id: userId } }),
    send: (roomId: string, type: string, transaction: string, content: object = {}) =>
      ask("PUT", `${at(roomId)}/send/${type}/${transaction}`, { body: content }),
    setState: (roomId: string, type: string, content: object, stateKey = "") =>
      ask("PUT", `${at(roomId)}/state/${type}/${stateKey}`, { body: content }),
    sync: async (
      options: { since?: string; timeout?: number; filter?: object; signal?: AbortSignal } = {},
    ) => {
      const { since, timeout, filter, signal } = options;
      const query = new URLSearchParams({
        ...(since !== undefined && { since }),
        ...(timeout !== undefined && { timeout: String(timeout) }),
        ...(filter && { filter: JSON.stringify(filter) }),
      });
      return (await ask("GET", `/sync?${query}`, signal ? { signal } : {})).body;
    },
  };
}

/** A direct room that both are in. */
export async function directRoom(alice: TestClient, bob: TestClient): Promise<string> {
  const settings = { preset: "trusted_private_chat", is_direct: true, invite: [bob.userId] };
  const roomId = await alice.createRoom(settings);
  await bob.join(roomId);
  return roomId;
}

/** The types of the events that a sync brought of a room. */
export const typesIn = (body: Body, roomId: string): string[] =>
  body.rooms?.join?.[roomId]?.timeline.events.map((event) => event.type) ?? [];

/** Alice and Bob in a direct room, of which Bob has had a sync. */
export async function twoInRoom() {
  const clock = virtualClock();
  const homeserver = createHomeserver({ clock });
  const [alice, bob] = [createClient(homeserver, "alice", "A"), createClient(homeserver, "bob", "B")];
  const roomId = await directRoom(alice, bob);
  const since = (await bob.sync()).next_batch;
  return { clock, homeserver, alice, bob, roomId, since };
}
