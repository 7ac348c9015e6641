/** One phone in a page, and what a test wants to ask of it: its calls, what media came in, and what was left open. */
import { filter, firstValueFrom, map, ReplaySubject, skip, take } from "rxjs";
import type { Call, CallEnd, CallState, Phone, PlaceOptions, TraceEntry } from "../../src/index.ts";
import { createPhone } from "../../src/index.ts";
import { browserMedia } from "../../src/media/browser.ts";
import type { Capture, SignalingStatus } from "../../src/streams/contract.ts";
import { type ErrorData, toErrorData } from "../../src/streams/errors.ts";
import { localSignaling } from "../../src/worker/local.ts";
import { sharedSignaling } from "../../src/worker/shared.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";

export interface StartOptions {
  readonly homeserver: string;
  readonly accessToken: string;
  /** The device whose engine is shared with other tabs; absent: an engine of its own. */
  readonly shared?: { readonly userId: string; readonly deviceId: string; readonly script?: string };
  /** The engine in the page itself. */
  readonly local?: boolean;
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  readonly warm?: boolean;
}

/** What came in of a call's media, and by which way. */
export interface Traffic {
  readonly videoFrames: number;
  readonly audioPackets: number;
  /** The type of our candidate in use: `relay` where a TURN server is our end of the path. */
  readonly localEnd: string;
}

/** How far ICE has come on a connection. */
export interface Ice {
  /** The ports of our candidates, and whether they are all, as our description says. */
  readonly ports: readonly number[];
  /** How many candidates of the peer its description held, and whether it said that those are all. */
  readonly theirs: number;
  readonly theirEnd: boolean;
  readonly pairs: number;
  readonly bytesSent: number;
}

const connections: RTCPeerConnection[] = [];
/** The peer's last description, as it was given to each connection. */
const heard = new WeakMap<RTCPeerConnection, string>();
const tracks: MediaStreamTrack[] = [];
const workers: Worker[] = [];
const calls = new Map<string, Call<MediaStream>>();
const stories = new Map<string, TraceEntry[]>();
const incoming = new ReplaySubject<string>();
let phone: Phone<MediaStream>;
let denyDevices = false;
const statuses: string[] = [];

/** The newest connection of a call: one that is kept ready says nothing of itself. */
const newest = () => connections.findLast((pc) => pc.localDescription !== null) as RTCPeerConnection;

class WatchedConnection extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }

  /** A browser keeps of it what it understands. */
  override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    heard.set(this, description.sdp ?? "");
    return super.setRemoteDescription(description);
  }
}

function watch(stream: MediaStream): MediaStream {
  tracks.push(...stream.getTracks());
  return stream;
}

const { mediaDevices: own } = navigator;
const mediaDevices = {
  enumerateDevices: async () => (denyDevices ? [] : own.enumerateDevices()),
  addEventListener: own.addEventListener.bind(own),
  removeEventListener: own.removeEventListener.bind(own),
  async getUserMedia(constraints?: MediaStreamConstraints) {
    if (denyDevices) throw new DOMException("Permission denied", "NotAllowedError");
    return watch(await own.getUserMedia(constraints));
  },
  getDisplayMedia: async (options?: DisplayMediaStreamOptions) => watch(await own.getDisplayMedia(options)),
};

function keep(call: Call<MediaStream>): string {
  calls.set(call.callId, call);
  return call.callId;
}

function callOf(id: string): Call<MediaStream> {
  const call = calls.get(id);
  if (!call) throw new Error(`no call ${id}`);
  return call;
}

async function trafficOf(connection: RTCPeerConnection): Promise<Traffic> {
  const reports = [...(await connection.getStats()).values()];
  const sum = (kind: string, field: string) =>
    reports
      .filter((report) => report.type === "inbound-rtp" && report.kind === kind)
      .reduce((total, report) => total + report[field], 0);
  const byId = new Map(reports.map((report) => [report.id, report]));
  const transport = reports.find((report) => report.type === "transport");
  const pair = byId.get(transport?.selectedCandidatePairId);
  return {
    videoFrames: sum("video", "framesDecoded"),
    audioPackets: sum("audio", "packetsReceived"),
    localEnd: byId.get(pair?.localCandidateId)?.candidateType ?? "none",
  };
}

function makeWorker(): Worker {
  const worker = new Worker("/worker/entry.js", { type: "module" });
  workers.push(worker);
  return worker;
}

const becomes = (state: SignalingStatus["state"]) =>
  firstValueFrom(
    phone.status$.pipe(
      map((status) => status.state),
      filter((now) => now === state),
    ),
  );

async function iceOf(connection: RTCPeerConnection): Promise<Ice> {
  const reports = [...(await connection.getStats()).values()];
  const lines = (description: RTCSessionDescription | null) => description?.sdp.split("\r\n") ?? [];
  const ours = lines(connection.localDescription).filter((line) => line.startsWith("a=candidate:"));
  const theirs = lines(connection.remoteDescription);
  const pairs = reports.filter(({ type }) => type === "candidate-pair");
  return {
    // What is sent by TCP leaves from no port of its own.
    ports: ours.filter((line) => !line.includes(" tcp ")).map((line) => Number(line.split(" ")[5])),
    theirs: theirs.filter((line) => line.startsWith("a=candidate:")).length,
    theirEnd: heard.get(connection)?.includes("a=end-of-candidates") ?? false,
    pairs: pairs.length,
    bytesSent: [...pairs, ...reports.filter(({ type }) => type === "transport")].reduce(
      (sum, { bytesSent = 0 }) => sum + bytesSent,
      0,
    ),
  };
}

const thisPage = {
  async start({
    homeserver,
    accessToken,
    shared,
    local = false,
    iceTransportPolicy = "all",
    warm = false,
  }: StartOptions): Promise<void> {
    const signaling = () => {
      if (local) return localSignaling({ homeserver, accessToken });
      return shared
        ? sharedSignaling({ homeserver, accessToken, script: "/worker/shared-entry.js", ...shared })
        : spawnSignaling({ homeserver, accessToken, worker: makeWorker });
    };
    phone = createPhone({
      signaling: signaling(),
      media: browserMedia({ RTCPeerConnection: WatchedConnection, mediaDevices, iceTransportPolicy }),
      warm,
    });
    phone.status$.subscribe(({ state }) => statuses.push(state));
    phone.incoming$.subscribe((call) => incoming.next(keep(call)));
    phone.trace$.subscribe(({ callId, entry }) => {
      stories.set(callId, [...(stories.get(callId) ?? []), entry]);
    });
    const { state, error } = await firstValueFrom(
      phone.status$.pipe(filter(({ state: now }) => now === "online" || now === "stopped")),
    );
    if (state === "stopped") throw new Error(error?.message);
  },

  /** Terminates the worker; resolves when another is online. */
  async loseWorker(): Promise<void> {
    const lost = becomes("reconnecting");
    workers.at(-1)?.terminate();
    await lost;
    await becomes("online");
  },

  /** Each state of the signalling, from the first on. */
  statuses: (): readonly string[] => statuses,
  place: (options: PlaceOptions): string => keep(phone.place(options)),
  /** The id of the next call that rings, or has rung: each is given once, in order. */
  rings: (() => {
    let given = 0;
    return () => {
      given += 1;
      return firstValueFrom(
        incoming.pipe(
          take(given),
          filter((_id, index) => index === given - 1),
        ),
      );
    };
  })(),
  answer: (id: string, capture: Capture) => callOf(id).answer(capture),
  reject: (id: string) => callOf(id).reject(),
  hangup: (id: string) => callOf(id).hangup(),
  mute: (id: string, muted: { audio?: boolean; video?: boolean }) => callOf(id).mute(muted),
  hold: (id: string) => callOf(id).hold(),
  resume: (id: string) => callOf(id).resume(),
  change: (id: string, capture: Capture) => callOf(id).change(capture),
  shareScreen: (id: string) => callOf(id).shareScreen(),
  stopSharing: (id: string) => callOf(id).stopSharing(),
  sendDtmf: (id: string, keys: string) => callOf(id).sendDtmf(keys),
  /** Waits until both sides' holding is as said. */
  held: (id: string, us: boolean, peer: boolean) =>
    firstValueFrom(callOf(id).held$.pipe(filter((held) => held.us === us && held.peer === peer))),
  /** Waits until the peer shows as many streams of a purpose. */
  remoteStreams: (id: string, purpose: string, count: number) =>
    firstValueFrom(
      callOf(id).remoteStreams$.pipe(
        map((streams) => streams.filter((stream) => stream.purpose === purpose)),
        filter((streams) => streams.length === count),
        map((streams) => streams.map((stream) => stream.stream.getVideoTracks().length)),
      ),
    ),
  stats: (id: string) => firstValueFrom(callOf(id).stats$.pipe(skip(2))),
  reaches: (id: string, state: CallState) =>
    firstValueFrom(callOf(id).state$.pipe(filter((now) => now === state || now === "ended"))),
  state: (id: string) => firstValueFrom(callOf(id).state$),
  async ends(id: string): Promise<Omit<CallEnd, "error"> & { error?: ErrorData }> {
    const { error, ...end } = await callOf(id).ended;
    return { ...end, ...(error && { error: toErrorData(error) }) };
  },
  remoteMuted: (id: string, audio: boolean) =>
    firstValueFrom(
      callOf(id).remoteStreams$.pipe(
        filter((streams) => streams.some(({ audioMuted }) => audioMuted === audio)),
        map((streams) => streams.length),
      ),
    ),
  offers: (id: string) => callOf(id).offers,
  /** Waits until a call's story has this in it: a milestone, or a direction and an event type. */
  tells: (id: string, wanted: string) =>
    firstValueFrom(
      callOf(id).trace$.pipe(
        filter((entry) =>
          [entry.kind === "milestone" ? entry.name : `${entry.direction} ${entry.eventType}`].includes(
            wanted,
          ),
        ),
        map(({ at }) => at),
      ),
    ),
  /** Of the newest connection. */
  ice: () => iceOf(newest()),
  /** Waits until the newest connection knows all its candidates. */
  async gathered(): Promise<void> {
    const connection = newest();
    while (connection.iceGatheringState !== "complete") {
      await new Promise((resolve) =>
        connection.addEventListener("icegatheringstatechange", resolve, { once: true }),
      );
    }
  },
  /** Waits until the peer is said to send video, or none. */
  remoteVideo: (id: string, on: boolean) =>
    firstValueFrom(
      callOf(id).remoteStreams$.pipe(
        filter(([stream]) => stream?.videoMuted === !on),
        map(() => on),
      ),
    ),
  story: (id: string): readonly TraceEntry[] => stories.get(id) ?? [],

  /** Waits until media comes in on the newest connection. */
  async receives({ video }: { readonly video: boolean }): Promise<Traffic> {
    for (;;) {
      const traffic = await trafficOf(newest());
      if (traffic.audioPackets >= 5 && (!video || traffic.videoFrames >= 3)) return traffic;
      await new Promise(requestAnimationFrame);
    }
  },

  /** Waits until more sound comes in than has by now. */
  async hears(): Promise<void> {
    const { audioPackets } = await trafficOf(newest());
    while ((await trafficOf(newest())).audioPackets < audioPackets + 5)
      await new Promise(requestAnimationFrame);
  },
  /** Waits until the connection that is kept ready has had time to gather: nothing tells of its end. */
  warmed: () => new Promise((resolve) => setTimeout(resolve, 1_000)),

  denyDevices(deny: boolean) {
    denyDevices = deny;
  },
  leftOpen: () => ({
    tracks: tracks.filter(({ readyState }) => readyState === "live").length,
    connections: connections.filter(({ connectionState }) => connectionState !== "closed").length,
  }),

  /** Keeps the main thread busy in slices for `ms`, with a turn of the event loop in between. */
  async block(ms: number, slice: number): Promise<void> {
    const until = performance.now() + ms;
    while (performance.now() < until) {
      const end = performance.now() + slice;
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve));
    }
  },

  close: () => phone.close(),
};

export type PhonePage = typeof thisPage;
declare global {
  var page: PhonePage;
}
globalThis.page = thisPage;
