import { filter, firstValueFrom, lastValueFrom, type Observable, of, toArray } from "rxjs";
import type {
  Candidate,
  Capture,
  IceServer,
  MediaHalf,
  MediaSession,
  RemoteDescription,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { equal, within } from "./assert.ts";
import { Wire } from "./media-suite-wire.ts";

/** What the suite needs of a media half and of the devices behind it. */
export interface MediaWorld {
  readonly media: MediaHalf;
  /**
   * Makes the devices, and the choice of a screen, refuse, as when the user denies them (true), or open again (false):
   * all, or those of a kind (a screen is of `video`).
   */
  denyDevices(denied: boolean, kind?: "audio" | "video"): void;
  /**
   * Unplugs the microphones (`audio`) or the cameras: those that are open end, and none opens until one is plugged in
   * again.
   */
  unplug(kind: "audio" | "video"): void;
  plugIn(kind: "audio" | "video"): void;
  /** Has the system mute the devices of a kind that are open, or no longer. */
  muteDevices(kind: "audio" | "video", muted: boolean): void;
  /** Makes every prompt for a device or a screen wait for the user (true), until the user allows all of them (false). */
  holdPrompts(held: boolean): void;
  /** Whether only one camera can be open at a time. */
  limitCameras(limited: boolean): void;
  /** Whether devices are known to open without a prompt; at first they are. */
  knowDevices(known: boolean): void;
  /** How many tracks it opened and has not stopped, and how many connections it has not closed. */
  stillOpen(): { readonly tracks: number; readonly connections: number };
}

export interface MediaCase {
  readonly name: string;
  /** Rejects where the half does not conform. Closes every session it opens. */
  run(world: MediaWorld): Promise<void>;
}

export const BOTH: Capture = { audio: true, video: true };
export const NO_SERVERS = of<readonly IceServer[]>([]);

/** Candidates that no half can use, and that none may stumble over. */
export const BAD: readonly Candidate[] = [
  { candidate: "nonsense", sdpMid: "0", sdpMLineIndex: 0 },
  { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host" },
  { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMid: "nowhere", sdpMLineIndex: 99 },
  { candidate: "" },
  { candidate: "", sdpMid: "", sdpMLineIndex: -1 },
];

export type Open = (iceServers$?: Observable<readonly IceServer[]>) => MediaSession;

/** A case that closes what it opened, whatever came of it, and then finds nothing left open. */
export function define(name: string, test: (open: Open, world: MediaWorld) => Promise<void>): MediaCase {
  const run = async (world: MediaWorld) => {
    const sessions: MediaSession[] = [];
    const open: Open = (iceServers$ = NO_SERVERS) => {
      const session = world.media.open({ iceServers$ });
      sessions.push(session);
      return session;
    };
    try {
      await test(open, world);
    } finally {
      for (const session of sessions) session.close();
      world.denyDevices(false);
      for (const kind of ["audio", "video"] as const) {
        world.plugIn(kind);
        world.muteDevices(kind, false);
      }
      world.holdPrompts(false);
      world.limitCameras(false);
      world.knowDevices(true);
    }
    equal(world.stillOpen(), { tracks: 0, connections: 0 }, "open tracks and connections after close");
  };
  return { name, run };
}

export async function connect(
  open: Open,
  callerCapture: Capture = BOTH,
  calleeCapture: Capture = callerCapture,
): Promise<readonly [MediaSession, MediaSession, Wire]> {
  const [caller, callee] = [open(), open()];
  const [, , wire] = await exchange(caller, callee, callerCapture, calleeCapture);
  await until(caller.path$, (state) => state === "connected", "the caller's path to connect");
  await until(callee.path$, (state) => state === "connected", "the callee's path to connect");
  return [caller, callee, wire];
}

export async function exchange(
  caller: MediaSession,
  callee: MediaSession,
  callerCapture: Capture,
  calleeCapture: Capture,
): Promise<readonly [SessionDescription, SessionDescription, Wire]> {
  const wire = new Wire();
  const offer = await caller.offer(callerCapture);
  wire.note(caller, offer);
  wire.connect(caller, callee);
  const answer = await callee.answer(offer, calleeCapture);
  wire.note(callee, answer);
  wire.connect(callee, caller);
  await caller.accept(answer);
  return [offer, answer, wire];
}

/**
 * A connected call whose caller takes its peer for one that does not negotiate, or that lists no streams; `shown` is what
 * the caller is given of each description of the peer.
 */
export async function limited(
  open: Open,
  capture: Capture,
  shown: (theirs: SessionDescription) => RemoteDescription,
): Promise<readonly [MediaSession, MediaSession]> {
  const [caller, callee] = [open(), open()];
  const answer = await callee.answer(await caller.offer(capture), capture);
  await caller.accept(shown(answer));
  caller.candidates$.subscribe((candidate) => callee.addCandidates([candidate]));
  callee.candidates$.subscribe((candidate) => caller.addCandidates([candidate]));
  await until(caller.path$, (state) => state === "connected", "the path to connect");
  return [caller, callee];
}

/** A call that is answered, and whose sessions hear no more of each other than the test tells them. */
export async function answered(open: Open, capture: Capture): Promise<readonly [MediaSession, MediaSession]> {
  const [caller, callee] = [open(), open()];
  await caller.accept(await callee.answer(await caller.offer(capture), capture));
  return [caller, callee];
}

/** Throws unless the work throws a `TrunklineError` of this code. */
export function throws(work: () => unknown, code: string): void {
  try {
    work();
  } catch (thrown) {
    equal(
      thrown instanceof TrunklineError ? thrown.code : String(thrown),
      code,
      "the code of what is thrown",
    );
    return;
  }
  throw new Error(`expected a throw with ${code}`);
}

/** A description without its candidates, and the candidates. */
export function apart(from: SessionDescription): readonly [SessionDescription, readonly Candidate[]] {
  const lines = from.description.sdp.split("\r\n");
  const isCandidate = (line: string) => line.startsWith("a=candidate:");
  const sdp = lines.filter((line) => !isCandidate(line) && line !== "a=end-of-candidates").join("\r\n");
  const candidates = lines
    .filter(isCandidate)
    .map((line) => ({ candidate: line.slice(2), sdpMid: "0", sdpMLineIndex: 0 }));
  return [{ ...from, description: { ...from.description, sdp } }, candidates];
}

export function keyOf({ candidate }: Candidate): string {
  return candidate.split(" ").slice(0, 8).join(" ");
}

export function infoOf({ id, purpose, audioMuted, videoMuted }: StreamInfo): StreamInfo {
  return { id, purpose, audioMuted, videoMuted };
}

/** Purpose, whether its audio is heard, whether its video is seen. */
export function kinds({ purpose, audioMuted, videoMuted }: StreamInfo): string {
  return `${purpose} ${!audioMuted} ${!videoMuted}`;
}

export function now<T>(state$: Observable<T>): Promise<T> {
  return within(firstValueFrom(state$), "a present value");
}

export function until<T>(stream$: Observable<T>, is: (value: T) => boolean, what: string): Promise<T> {
  return within(firstValueFrom(stream$.pipe(filter(is))), what);
}

/** All that the stream will have said when it completes: await it within(). */
export function collect<T>(stream$: Observable<T>): Promise<T[]> {
  return lastValueFrom(stream$.pipe(toArray()));
}
