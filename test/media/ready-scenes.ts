/** What is made ready before it is needed, and what is undone when nobody needs it, in a real browser. */
import { BehaviorSubject, filter, firstValueFrom, type Observable, of, ReplaySubject, Subject } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import type { IceServer, Milestone, PathState, SessionDescription } from "../../src/streams/contract.ts";
import {
  type BrowserSession,
  connections,
  noServers,
  options,
  received,
  tracks,
  until,
  wire,
} from "./watched.ts";

declare global {
  /** The test moves the page's clock on by a minute. */
  var letTimePass: () => Promise<void>;
}

const BOTH = { audio: true, video: true };

const when = <T>(stream$: Observable<T>, is: (value: T) => boolean) =>
  firstValueFrom(stream$.pipe(filter(is)));
const connected = (session: BrowserSession) => when(session.path$, (state) => state === "connected");
const seen = <T>(stream$: Observable<T>): T[] => {
  const all: T[] = [];
  stream$.subscribe((value) => all.push(value));
  return all;
};

function pair(): readonly [BrowserSession, BrowserSession] {
  tracks.length = 0;
  connections.length = 0;
  const media = browserMedia(options);
  return [media.open({ iceServers$: noServers }), media.open({ iceServers$: noServers })];
}

/** Waits for as long as a connection takes to find all its candidates. */
async function gathered(): Promise<void> {
  const pc = new RTCPeerConnection();
  pc.addTransceiver("audio");
  await pc.setLocalDescription();
  await until(() => pc.iceGatheringState === "complete");
  pc.close();
}

/** Lets the callee answer, and waits until media comes in on both sides. */
async function answer(caller: BrowserSession, callee: BrowserSession, offer: SessionDescription) {
  wire(caller, callee);
  await caller.accept(await callee.answer(offer, BOTH));
  wire(callee, caller);
  await Promise.all([connected(caller), connected(callee)]);
  const ends = connections.filter(({ connectionState }) => connectionState === "connected");
  await until(async () => {
    const counts = await Promise.all(ends.map(received));
    return counts.every(({ audioPackets, videoFrames }) => audioPackets >= 5 && videoFrames >= 2);
  });
}

const names = (milestones: readonly Milestone[]) => milestones.map(({ name }) => name);
const close = (...sessions: readonly BrowserSession[]) => {
  for (const session of sessions) session.close();
};

export const readyScenes = {
  /** A browser that gives up on the path while it rings, three times over, as one does that waits for candidates. */
  async givesUpWhileRinging() {
    const [caller, callee] = pair();
    const milestones = seen(callee.milestones$);
    const path: PathState[] = seen(callee.path$);
    const offer = await caller.offer(BOTH);
    await callee.prepare(offer);
    for (let made = 2; made < 5; made++) {
      const pc = connections.at(-1) as RTCPeerConnection;
      Object.defineProperty(pc, "connectionState", { value: "failed", configurable: true });
      pc.dispatchEvent(new Event("connectionstatechange"));
      Reflect.deleteProperty(pc, "connectionState");
      await until(() => connections.length > made);
    }
    await answer(caller, callee, offer);
    const open = connections.filter(({ connectionState }) => connectionState !== "closed").length;
    close(caller, callee);
    return { path, open, prepared: names(milestones).filter((name) => name.endsWith("prepared")) };
  },

  /** A browser whose senders cannot name a stream without a track. */
  async withoutSetStreams() {
    const setStreams = Object.getOwnPropertyDescriptor(
      RTCRtpSender.prototype,
      "setStreams",
    ) as PropertyDescriptor;
    Reflect.deleteProperty(RTCRtpSender.prototype, "setStreams");
    try {
      const [caller, callee] = pair();
      const milestones = seen(callee.milestones$);
      const offer = await caller.offer(BOTH);
      const prepared = await callee.prepare(offer).then(
        () => "prepared",
        ({ code }) => code,
      );
      await answer(caller, callee, offer);
      const shown = await when(caller.remoteStreams$, ({ length }) => length === 1);
      const kinds = shown[0]?.stream.getTracks().map(({ kind }) => kind);
      close(caller, callee);
      return { prepared, kinds, told: names(milestones).filter((name) => name.endsWith("prepared")) };
    } finally {
      Object.defineProperty(RTCRtpSender.prototype, "setStreams", setStreams);
    }
  },

  /** In which order the answer that was prepared, and the use of the peer's candidates, come. */
  async answersFirst() {
    const [caller, callee] = pair();
    const offer = await caller.offer(BOTH);
    await callee.prepare(offer);
    const order: string[] = [];
    const pc = connections.at(-1) as RTCPeerConnection;
    const add = pc.addIceCandidate.bind(pc);
    pc.addIceCandidate = (candidate?: RTCIceCandidateInit | null) => {
      order.push("candidate");
      return add(candidate);
    };
    const answered = await callee.answer(offer, BOTH);
    order.push("answer");
    await caller.accept(answered);
    await Promise.all([connected(caller), connected(callee)]);
    close(caller, callee);
    return order.slice(0, 2);
  },

  /** Whether an answer by a connection that was kept ready holds all its candidates, and connects. */
  async warmAnswer() {
    const media = browserMedia(options);
    const spare = media.warm?.(new BehaviorSubject<readonly IceServer[]>([]));
    // What begins later takes as long: then the one kept ready has all its candidates.
    await gathered();
    const [caller] = pair();
    const offer = await caller.offer(BOTH);
    const callee = media.open({ iceServers$: noServers });
    await callee.prepare(offer);
    const answered = await callee.answer(offer, BOTH);
    await caller.accept(answered);
    await Promise.all([connected(caller), connected(callee)]);
    close(caller, callee);
    spare?.close();
    return answered.description.sdp.includes("a=end-of-candidates");
  },

  /** Changes a call whose peer says nothing any more, until the lifetime of the offer has passed. */
  async unanswered() {
    const [caller, callee] = pair();
    const offer = await caller.offer({ audio: true });
    await caller.accept(await callee.answer(offer, { audio: true }));
    await Promise.all([connected(caller), connected(callee)]);
    const said$ = new ReplaySubject<SessionDescription>();
    caller.negotiations$.subscribe(said$);
    await caller.change({ video: true });
    await firstValueFrom(said$);
    await caller.shareScreen();
    const before = seen(said$).length;
    const next = when(said$, () => seen(said$).length > before);
    await letTimePass();
    await next;
    const again = seen(said$).at(-1) as SessionDescription;
    wire(callee, caller);
    await callee.negotiate(again);
    const shown = await when(callee.remoteStreams$, ({ length }) => length === 2);
    close(caller, callee);
    return { before, shown: shown.map(({ purpose }) => purpose) };
  },

  /** A media half that keeps a connection ready, over two calls, and servers that are renewed and changed. */
  async warm() {
    tracks.length = 0;
    connections.length = 0;
    const media = browserMedia(options);
    const servers$ = new Subject<readonly IceServer[]>();
    const spare = media.warm?.(servers$);
    const none: readonly IceServer[] = [];
    servers$.next(none);
    servers$.next(none);
    const story = [connections.length];
    const open = () => media.open({ iceServers$: of(none) });
    const other = () => browserMedia(options).open({ iceServers$: noServers });
    const spareOne = connections.at(-1);
    // Its candidates are there as soon as it is used: with the end of them, once they are.
    let offer: SessionDescription | undefined;
    let caller: BrowserSession | undefined;
    for (const _ of [1, 2]) {
      caller?.close();
      caller = open();
      offer = await caller.offer(BOTH);
    }
    const callee = other();
    await answer(caller as BrowserSession, callee, offer as SessionDescription);
    await until(() => connections.length > 4);
    story.push(connections.length);
    const used = spareOne?.localDescription !== undefined;
    servers$.next([{ urls: ["stun:127.0.0.1:9"] }]);
    story.push(connections.length);
    // Servers that differ from those of the call: it makes its own.
    const third = open();
    await third.offer({ audio: true });
    story.push(connections.length);
    close(caller as BrowserSession, callee, third);
    spare?.close();
    const left = connections.filter(({ connectionState }) => connectionState !== "closed").length;
    return { story, used, left };
  },
};
