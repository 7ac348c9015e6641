/** What happens in a call with real media, each scene with what came of it. */
import { BehaviorSubject, filter, firstValueFrom, type Observable, take, toArray } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import { realClock } from "../../src/streams/clock.ts";
import type { IceServer, SessionDescription } from "../../src/streams/contract.ts";
import {
  type BrowserSession,
  connect,
  connections,
  noServers,
  options,
  received,
  tracks,
  until,
  wire,
} from "./watched.ts";

const BOTH = { audio: true, video: true };

const when = <T>(stream$: Observable<T>, is: (value: T) => boolean) =>
  firstValueFrom(stream$.pipe(filter(is)));
const pcOf = (side: 0 | 1) => connections[side] as RTCPeerConnection;

async function call(
  capture: object = BOTH,
  iceServers$?: Observable<readonly IceServer[]>,
  negotiable = true,
) {
  tracks.length = 0;
  connections.length = 0;
  const sessions = await connect(capture, iceServers$, negotiable);
  await Promise.all(sessions.map(({ path$ }) => when(path$, (state) => state === "connected")));
  return sessions;
}

function close(sessions: readonly BrowserSession[]) {
  for (const session of sessions) session.close();
}

const directions = () =>
  connections.map((pc) => pc.getTransceivers().map((each) => `${each.direction} ${each.currentDirection}`));

/** Media sent on both sides, in bytes; what only probes the path is none. */
async function mediaSent(by: readonly RTCPeerConnection[] = connections): Promise<number> {
  const reports = await Promise.all(by.map((pc) => pc.getStats()));
  return reports
    .flatMap((report) => [...report.values()])
    .reduce((sum, report) => sum + (report.type === "outbound-rtp" ? report.bytesSent : 0), 0);
}

/** The media that these connections send, in bytes, in the 30 frames after a second of silence: encoders may be slow. */
async function leakedBy(by: readonly RTCPeerConnection[] = connections): Promise<number> {
  let sent = await mediaSent(by);
  for (let same = 0; same < 60; ) {
    await new Promise(requestAnimationFrame);
    const now = await mediaSent(by);
    same = now === sent ? same + 1 : 0;
    sent = now;
  }
  for (let frame = 0; frame < 30; frame++) await new Promise(requestAnimationFrame);
  return (await mediaSent(by)) - sent;
}

/** Waits until ten more frames, or for voice packets, have come in at each side. */
async function flows(video = true): Promise<void> {
  const before = await Promise.all(connections.map(received));
  const field = video ? "videoFrames" : "audioPackets";
  await until(async () => {
    const now = await Promise.all(connections.map(received));
    return now.every((count, side) => count[field] >= (before[side]?.[field] ?? 0) + 10);
  });
}

export const scenes = {
  /** Holds and resumes: directions before, meanwhile and after; the media that left meanwhile. */
  async hold() {
    const [caller, callee] = await call();
    // One transceiver that only receives, and one that only sends, must come back as such.
    await caller.shareScreen();
    await when(callee.remoteStreams$, ({ length }) => length === 2);
    await flows();
    const before = directions();
    caller.hold(true);
    await when(callee.held$, ({ peer }) => peer);
    await until(() => pcOf(0).signalingState === "stable");
    const meanwhile = directions();
    const plays = pcOf(0)
      .getReceivers()
      .filter(({ track }) => track.enabled).length;
    const leaked = await leakedBy();
    caller.hold(false);
    await when(callee.held$, ({ peer }) => !peer);
    await until(() => connections.every((pc) => pc.signalingState === "stable"));
    const after = directions();
    await flows();
    close([caller, callee]);
    return { before, meanwhile, after, leaked, plays };
  },

  /** Holds and resumes a call whose peer cannot negotiate: directions, the media that left meanwhile, what plays. */
  async localHold() {
    const [caller, callee] = await call(BOTH, undefined, false);
    await flows();
    const before = directions();
    caller.hold(true);
    const plays = pcOf(0)
      .getReceivers()
      .filter(({ track }) => track.enabled).length;
    const leaked = await leakedBy([pcOf(0)]);
    const { peer } = await firstValueFrom(callee.held$);
    caller.hold(false);
    await flows();
    const after = directions();
    close([caller, callee]);
    return { before, after, leaked, plays, peer };
  },

  /** Shares a screen with a peer that does not negotiate: how wide the pictures are that come in there. */
  async screenInPlace() {
    const [caller, callee] = await call(BOTH, undefined, false);
    await flows();
    const width = async () => {
      const reports = [...(await pcOf(1).getStats()).values()];
      return reports.find((each) => each.type === "inbound-rtp" && each.kind === "video")?.frameWidth;
    };
    const camera = await width();
    const before = directions();
    await caller.shareScreen();
    await until(async () => (await width()) !== camera);
    const shown = (await firstValueFrom(callee.remoteStreams$)).length;
    caller.stopSharing();
    await until(async () => (await width()) === camera);
    const after = directions();
    close([caller, callee]);
    return { before, after, shown };
  },

  /** Holds by an offer that is lost on its way, or whose answer is; in the second case the call is resumed by then. */
  async unansweredOffer(lost: "offer" | "answer") {
    tracks.length = 0;
    connections.length = 0;
    const media = browserMedia(options);
    const [caller, callee] = [0, 1].map(() => media.open({ iceServers$: noServers })) as [
      BrowserSession,
      BrowserSession,
    ];
    const offer = await caller.offer(BOTH);
    // As most clients do, this one names nothing.
    const plain = ({ negotiation: _, ...rest }: SessionDescription): SessionDescription => rest;
    await caller.accept(plain(await callee.answer(plain(offer), BOTH)));
    caller.candidates$.subscribe((candidate) => callee.addCandidates([candidate]));
    callee.candidates$.subscribe((candidate) => caller.addCandidates([candidate]));
    await when(caller.path$, (state) => state === "connected");
    let isLost = true;
    caller.negotiations$.subscribe((description) => {
      if (!isLost || lost === "answer") void callee.negotiate(plain(description));
      if (lost === "offer") isLost = false;
    });
    callee.negotiations$.subscribe((description) => {
      if (!isLost) void caller.negotiate(plain(description));
      isLost = false;
    });
    caller.hold(true);
    if (lost === "answer") {
      await when(callee.held$, ({ peer }) => peer);
      await until(() => pcOf(1).signalingState === "stable");
      caller.hold(false);
    } else await until(() => pcOf(0).signalingState === "have-local-offer");
    const { now } = Date;
    Date.now = () => now() + 61_000;
    realClock.now();
    await when(callee.held$, ({ peer }) => peer === (lost === "offer"));
    await until(() => pcOf(0).signalingState === "stable");
    if (lost === "answer") await flows();
    Date.now = now;
    const { peer } = await firstValueFrom(callee.held$);
    close([caller, callee]);
    return peer;
  },

  /** Adds video to a voice call, and drops it. */
  async video() {
    const [caller, callee] = await call({ audio: true });
    await flows(false);
    await Promise.all([caller.change({ video: true }), callee.change({ video: true })]);
    await flows();
    const sections = connections.map((pc) => pc.getTransceivers().filter(({ mid }) => mid !== null).length);
    const cameras = tracks.filter(({ kind }) => kind === "video");
    await caller.change({ video: false });
    await callee.change({ video: false });
    await when(callee.remoteStreams$, ([stream]) => stream?.videoMuted === true);
    await flows(false);
    close([caller, callee]);
    return { sections, cameras: cameras.map(({ readyState }) => readyState) };
  },

  /** Shares a screen beside the camera until the user ends it by the browser's button. */
  async screen() {
    const [caller, callee] = await call();
    await caller.shareScreen({ frameRate: 10 });
    const [, shown] = await when(callee.remoteStreams$, ({ length }) => length === 2);
    // Both come in: the camera, and the screen.
    await until(async () => {
      const reports = [...(await pcOf(1).getStats()).values()];
      const videos = reports.filter((each) => each.type === "inbound-rtp" && each.kind === "video");
      return videos.filter((each) => each.framesDecoded >= 2).length === 2;
    });
    const kinds = shown?.stream.getTracks().map(({ kind }) => kind);
    const screen = tracks.at(-1);
    screen?.dispatchEvent(new Event("ended"));
    await when(callee.remoteStreams$, ({ length }) => length === 1);
    await flows();
    close([caller, callee]);
    return {
      purpose: shown?.purpose,
      kinds,
      end: screen?.readyState,
    };
  },

  /** Shares a screen in a voice call, and answers it with a camera: both come in. */
  async screenAndCamera() {
    const [caller, callee] = await call({ audio: true });
    await caller.shareScreen();
    await when(callee.remoteStreams$, ({ length }) => length === 2);
    await callee.change({ video: true });
    await flows();
    const sections = connections.map((pc) => pc.getTransceivers().length);
    close([caller, callee]);
    return sections;
  },

  /** Switches the camera; in which order, and whether what is sent was live all the time. */
  async switchCamera() {
    const [caller, callee] = await call();
    await flows();
    const [old] = tracks.filter(({ kind }) => kind === "video");
    const sender = pcOf(0)
      .getSenders()
      .find(({ track }) => track?.kind === "video") as RTCRtpSender;
    const story: string[] = [];
    const stop = old?.stop.bind(old);
    Object.assign(old ?? {}, {
      stop() {
        story.push(`old stopped, sending ${sender.track === old ? "old" : "new"}`);
        stop?.();
      },
    });
    let done = false;
    const gaps: string[] = [];
    const watch = until(() => {
      if (sender.track?.readyState !== "live") gaps.push(String(sender.track?.readyState));
      return done;
    });
    const before = (await received(pcOf(1))).videoFrames;
    const [device] = (await navigator.mediaDevices.enumerateDevices()).filter(
      ({ kind }) => kind === "videoinput",
    );
    await caller.change({ video: { deviceId: device?.deviceId ?? "", frameRate: 15 } });
    done = true;
    await watch;
    await flows();
    const grew = (await received(pcOf(1))).videoFrames > before;
    const frameRate = sender.track?.getSettings().frameRate;
    close([caller, callee]);
    return { story, gaps, grew, frameRate, signalled: pcOf(0).signalingState };
  },

  /** The keys as they are played, when more are added while they are. */
  async keys() {
    const [caller, callee] = await call({ audio: true });
    await flows(false);
    const dtmf = pcOf(0).getSenders()[0]?.dtmf as RTCDTMFSender;
    const played = new Promise<string>((resolve) => {
      let keys = "";
      dtmf.addEventListener("tonechange", ({ tone }) => {
        keys += tone;
        if (tone === "") resolve(keys);
      });
    });
    caller.sendDtmf("1");
    caller.sendDtmf("2#");
    const keys = await played;
    close([caller, callee]);
    return keys;
  },

  /** Restarts ICE: whether credentials changed and media goes on, how many servers each side has, and the milestones. */
  async restart() {
    const servers$ = new BehaviorSubject<readonly IceServer[]>([]);
    const [caller, callee] = await call(BOTH, servers$);
    await flows();
    const credentials = () =>
      connections.map((pc) => pc.localDescription?.sdp.match(/a=ice-ufrag:(.*)/)?.[1]);
    const before = credentials();
    const told = firstValueFrom(
      caller.milestones$.pipe(
        filter(({ name }) => name === "ice_restarted"),
        take(1),
        toArray(),
      ),
    );
    servers$.next([
      { urls: ["stun:127.0.0.1:9"] },
      { urls: ["turn:127.0.0.1:9"], username: "u", credential: "p", expiresAt: 0 },
    ]);
    caller.restartIce();
    await until(() => credentials().every((each, side) => each !== before[side]));
    await until(() =>
      connections.every((pc) => pc.signalingState === "stable" && pc.connectionState === "connected"),
    );
    await flows();
    const servers = connections.map((pc) => pc.getConfiguration().iceServers?.length);
    const milestones = (await told).map(({ name }) => name);
    close([caller, callee]);
    return { milestones, servers };
  },

  /** Two readings of a call. */
  async stats() {
    const [caller, callee] = await call();
    await flows();
    const readings = await firstValueFrom(caller.stats$.pipe(take(2), toArray()));
    close([caller, callee]);
    return readings;
  },

  /** Both have made an offer; one answers the other's. */
  async glare() {
    tracks.length = 0;
    connections.length = 0;
    let opened = 0;
    const mediaDevices = {
      getUserMedia(constraints?: MediaStreamConstraints) {
        opened++;
        return options.mediaDevices.getUserMedia(constraints);
      },
    };
    const [loser, winner] = [
      browserMedia({ ...options, mediaDevices }).open({ iceServers$: noServers }),
      browserMedia(options).open({ iceServers$: noServers }),
    ];
    await loser.offer(BOTH);
    const offer = await winner.offer(BOTH);
    const answer = await loser.answer(offer, BOTH);
    wire(loser, winner);
    wire(winner, loser);
    await winner.accept(answer);
    connections.shift();
    await flows();
    const live = tracks.filter(({ readyState }) => readyState === "live").length;
    close([loser, winner]);
    return { opened, live };
  },
};
