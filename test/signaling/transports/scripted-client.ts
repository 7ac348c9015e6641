import { ClientEvent, createClient, PendingEventOrdering, SyncState } from "matrix-js-sdk";
import { matrixClient } from "../../../src/signaling/transports/matrix-client.ts";
import type { EventBatch, Transport } from "../../../src/streams/contract.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { fakeCrypto } from "./fake-crypto.ts";
import { quiet } from "./sdk-on-node.ts";

export interface Asked {
  readonly method: string;
  /** Without `/_matrix/client/v3`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export const ROOM = "!room:hs.test";
export const US = "@us:hs.test";
export const PEER = "@peer:hs.test";

/** An event as a homeserver gives it. */
export const event = (id: string, type: string, content: object = {}, more: object = {}) => ({
  event_id: id,
  sender: PEER,
  origin_server_ts: 1,
  type,
  content,
  unsigned: { age: 50 },
  ...more,
});

/** One that opens with the key `session`. */
export const encrypted = (
  id: string,
  session: string,
  type: string,
  content: object = {},
  more: object = {},
) => event(id, "m.room.encrypted", { session_id: session, inside: { type, content } }, more);

const state = (type: string, key: string, content: object) =>
  event(`$${type}${key}`, type, content, { state_key: key, sender: US });

const ROOM_STATE = [
  state("m.room.create", "", { room_version: "10" }),
  state("m.room.join_rules", "", { join_rule: "invite" }),
  state("m.room.member", US, { membership: "join" }),
  state("m.room.member", PEER, { membership: "join" }),
];

export const ENCRYPTION = state("m.room.encryption", "", { algorithm: "m.megolm.v1.aes-sha2" });

/**
 * An app's client, the SDK's own, that is synced and in a room of two; the test answers its syncs and its requests,
 * and gives it keys. Its transport runs on a virtual clock.
 */
export async function scriptedClient(
  options: {
    readonly detached?: boolean;
    readonly crypto?: boolean;
    readonly roomState?: readonly object[];
  } = {},
) {
  const { detached = false, crypto: withCrypto = true, roomState = [] } = options;
  const asked: Asked[] = [];
  const script = {
    capabilities: {} as object,
    /** What requests other than those of the sync are answered. */
    answer: async (_request: Asked): Promise<Response> => Response.json({ event_id: `$sent${asked.length}` }),
  };
  let syncs = 0;
  let answerSync = (_response: Response): void => {};

  const fetchFn: typeof fetch = async (resource, init) => {
    const { pathname, searchParams } = new URL(String(resource));
    const path = pathname.replace(/^\/_matrix\/client(\/v3)?/, "");
    if (path === "/versions") return Response.json({ versions: ["v1.11"], unstable_features: {} });
    if (path === "/pushrules/") return Response.json({ global: {} });
    if (path.endsWith("/filter")) return Response.json({ filter_id: "0" });
    if (path === "/sync") {
      return new Promise((resolve, reject) => {
        answerSync = resolve;
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    }
    if (path === "/capabilities") return Response.json({ capabilities: script.capabilities });
    if (path.includes("rtc/transports")) return Response.json({});
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    const request = { method: init?.method ?? "GET", path, query: searchParams, body };
    asked.push(request);
    return script.answer(request);
  };

  const client = createClient({
    baseUrl: "https://hs.test",
    userId: US,
    deviceId: "OURS",
    accessToken: "t",
    fetchFn,
    disableVoip: true,
    logger: quiet,
  });
  const crypto = fakeCrypto();
  if (withCrypto) Object.assign(client, { cryptoBackend: crypto });
  const clock = virtualClock();
  const transport = matrixClient(client, { clock });

  /** Resolves when the client is done with the answer, and asks again. */
  const answer = (body: object): Promise<void> => {
    syncs += 1;
    const done = new Promise<void>((resolve) => {
      const look = (now: SyncState) => {
        if (now !== SyncState.Syncing) return;
        client.off(ClientEvent.Sync, look);
        resolve();
      };
      client.on(ClientEvent.Sync, look);
    });
    answerSync(Response.json({ next_batch: `s${syncs}`, ...body }));
    return done.then(turn);
  };
  const inRoom = (room: object): Promise<void> => answer({ rooms: { join: { [ROOM]: room } } });

  await client.startClient({
    pendingEventOrdering: detached ? PendingEventOrdering.Detached : PendingEventOrdering.Chronological,
  });
  await turn();
  await inRoom({
    state: { events: [...ROOM_STATE, ...roomState] },
    timeline: { events: [], prev_batch: "p0" },
    summary: { "m.joined_member_count": 2 },
  });

  return {
    client,
    transport,
    clock,
    crypto,
    asked: asked as readonly Asked[],
    script,
    answer,
    inRoom,
    /** One sync with these events in the room. */
    sync: (...events: object[]) => inRoom({ timeline: { events, prev_batch: "p" } }),
    failSync: (errcode: string, status: number) => {
      answerSync(Response.json({ errcode, error: errcode }, { status }));
      return turn();
    },
  };
}

/** Listens to a transport. */
export function listen(transport: Transport) {
  const batches: EventBatch[] = [];
  const errors: unknown[] = [];
  const connected: boolean[] = [];
  const subscription = transport.batches$.subscribe({
    next: (batch) => batches.push(batch),
    error: (error: unknown) => errors.push(error),
  });
  subscription.add(transport.connected$.subscribe((now) => connected.push(now)));
  return {
    batches,
    errors,
    connected,
    /** The ids of each batch's events of calls. */
    heard: () =>
      batches.map(({ events }) =>
        events.filter(({ stateKey }) => stateKey === undefined).map(({ eventId }) => eventId),
      ),
    stop: () => subscription.unsubscribe(),
  };
}

/** One turn of the event loop: every promise that can settle has settled. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
