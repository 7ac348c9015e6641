/** The least that any call needs, without a phone: an event's way from one account to another, and ICE with DTLS. */
import { now } from "./story.ts";

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
/** How long candidates are waited for, in ms: one TURN server's silence must not spoil the rest. */
const PATIENCE = 5_000;
const arrived = new Map<string, number>();
const arrivals = new EventTarget();
let account: FloorAccount;
let present: { readonly connection: RTCPeerConnection; readonly connected: Promise<number> } | undefined;

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

async function connectionFor(relay: boolean): Promise<RTCPeerConnection> {
  const iceServers = await turnServers();
  const iceTransportPolicy = relay ? "relay" : "all";
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy, bundlePolicy: "max-bundle" });
  // From here on: the other page may connect to it as soon as it has an address.
  const connected = new Promise<number>((resolve, reject) => {
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState === "connected") resolve(now());
      if (connection.connectionState === "failed") reject(new Error("no path from one page to the other"));
    });
  });
  connected.catch(() => {});
  present = { connection, connected };
  return connection;
}

function needed(): NonNullable<typeof present> {
  if (present) return present;
  throw new Error("there is nothing to connect: make an offer or an answer first");
}

/** The description with all candidates in it, or with those that were found within `PATIENCE`. */
async function gathered(
  connection: RTCPeerConnection,
  description: RTCSessionDescriptionInit,
): Promise<string> {
  const complete = new Promise<void>((resolve) => {
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState === "complete") resolve();
    });
  });
  await connection.setLocalDescription(description);
  await Promise.race([complete, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  const sdp = connection.localDescription?.sdp ?? "";
  if (sdp.split("\r\n").some(isCandidate)) return sdp;
  throw new Error(
    `no candidate was found within ${PATIENCE / 1_000} s: is there a TURN server that answers?`,
  );
}

const isCandidate = (line: string) => line.startsWith("a=candidate:");

/** Waits to the fraction of a ms: timers are late by a few, so the end of it is spent turning round. */
async function until(moment: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, moment - now() - 10));
  while (now() < moment);
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

  /** An offer with every candidate in it. */
  async offer(relay: boolean, video: boolean): Promise<string> {
    const connection = await connectionFor(relay);
    connection.addTransceiver("audio");
    if (video) connection.addTransceiver("video");
    return gathered(connection, await connection.createOffer());
  },

  /** An answer with every candidate in it; nothing is sent to the peer yet. */
  async answer(relay: boolean, offer: string): Promise<string> {
    const connection = await connectionFor(relay);
    const sdp = offer
      .split("\r\n")
      .filter((line) => !isCandidate(line))
      .join("\r\n");
    await connection.setRemoteDescription({ type: "offer", sdp });
    return gathered(connection, await connection.createAnswer());
  },

  /**
   * Lets go at a moment: the caller with the whole answer, the callee with the candidates. Resolves with the moment at
   * which it was connected; with none where it came too late to let go.
   */
  async connect(moment: number, sdp: string): Promise<number | undefined> {
    const { connection, connected } = needed();
    const late = now() > moment;
    await until(moment);
    if (connection.signalingState === "have-local-offer") {
      await connection.setRemoteDescription({ type: "answer", sdp });
    } else {
      const candidates = sdp.split("\r\n").filter(isCandidate);
      const add = (line: string) =>
        connection.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 });
      await Promise.all(candidates.map(add));
    }
    const at = await connected;
    return late ? undefined : at;
  },

  /** How far it has come, for a message. */
  state(): string {
    if (!present) return `${arrived.size} events arrived`;
    const { connectionState, iceConnectionState, iceGatheringState, signalingState } = present.connection;
    return `${arrived.size} events arrived, connection ${connectionState}, ICE ${iceConnectionState}, gathering ${iceGatheringState}, signalling ${signalingState}`;
  },

  close: () => present?.connection.close(),
};

export type FloorPage = typeof thisPage;
declare global {
  var floor: FloorPage;
}
globalThis.floor = thisPage;
