/** The least that any call needs, without a phone: an event's way from one account to another, and ICE with DTLS. */

import { now } from "../browser/time.ts";
import * as connection from "./floor-connection.ts";

export interface FloorAccount {
  readonly homeserver: string;
  readonly userId: string;
  readonly accessToken: string;
  readonly roomId: string;
}

interface SyncAnswer {
  readonly next_batch: string;
  readonly rooms?: {
    readonly join?: Readonly<
      Record<string, { readonly timeline?: { readonly events: readonly { readonly event_id: string }[] } }>
    >;
  };
}

const TYPE = "org.example.trunkline.bench";
const arrived = new Map<string, number>();
const arrivals = new EventTarget();
let account: FloorAccount;

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const { homeserver, accessToken } = account;
  const response = await fetch(`${homeserver}/_matrix/client/v3${path}`, {
    ...init,
    headers: { authorization: `Bearer ${accessToken}` },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** Polls for as long as the page is there. */
async function listen(since: string, filter: string): Promise<never> {
  for (;;) {
    const query = new URLSearchParams({ since, filter, timeout: "30000" });
    const answer: SyncAnswer = await (await ask(`/sync?${query}`)).json();
    const at = now();
    for (const { event_id: id } of answer.rooms?.join?.[account.roomId]?.timeline?.events ?? [])
      arrived.set(id, at);
    arrivals.dispatchEvent(new Event("arrival"));
    since = answer.next_batch;
  }
}

/** The servers that the homeserver names. */
async function turnServers(): Promise<RTCIceServer[]> {
  const { uris, username, password } = await (await ask("/voip/turnServer")).json();
  return uris?.length ? [{ urls: uris, username, credential: password }] : [];
}

const thisPage = {
  /** Resolves when the long poll is about to begin. */
  async start(options: FloorAccount): Promise<void> {
    account = options;
    const timeline = { types: [TYPE], limit: 10 };
    const none = { types: [] };
    const room = { rooms: [options.roomId], timeline, state: none, ephemeral: none, account_data: none };
    const filter = JSON.stringify({ room, presence: none, account_data: none });
    const query = new URLSearchParams({ filter, timeout: "0" });
    const { next_batch: since }: SyncAnswer = await (await ask(`/sync?${query}`)).json();
    void listen(since, filter);
  },

  /** Sends an event as small as can be; resolves with its id and the moment of sending. */
  async send(): Promise<{ readonly id: string; readonly at: number }> {
    const path = `/rooms/${encodeURIComponent(account.roomId)}/send/${TYPE}/${crypto.randomUUID()}`;
    const at = now();
    const { event_id: id } = await (await ask(path, { method: "PUT", body: "{}" })).json();
    return { id, at };
  },

  /** Resolves with the moment at which this event arrived. */
  async arrives(id: string): Promise<number> {
    for (;;) {
      const at = arrived.get(id);
      if (at !== undefined) return at;
      await new Promise((resolve) => arrivals.addEventListener("arrival", resolve, { once: true }));
    }
  },

  offer: async (relay: boolean, video: boolean) =>
    connection.offer({ iceServers: await turnServers(), relay }, video),
  answer: async (relay: boolean, theirs: string) =>
    connection.answer({ iceServers: await turnServers(), relay }, theirs),
  connect: connection.connect,
  close: connection.close,
  /** How far it has come, for a message. */
  state: () => `${arrived.size} events arrived, ${connection.state()}`,
};

export type FloorPage = typeof thisPage;
declare global {
  var floor: FloorPage;
}
globalThis.floor = thisPage;
