/** Sessions in a page whose devices and connections a test can look at. */
import { type Observable, of } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import type { Capture, IceServer, MediaSession } from "../../src/streams/contract.ts";
import type { TrunklineError } from "../../src/streams/errors.ts";
import { WatchedDevices } from "./watched-devices.ts";

export type BrowserSession = MediaSession<MediaStream>;

export const tracks: MediaStreamTrack[] = [];
export const connections: RTCPeerConnection[] = [];
class WatchedConnection extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
}

export const devices = new WatchedDevices(tracks);

export const options = {
  RTCPeerConnection: WatchedConnection,
  mediaDevices: devices as never as MediaDevices,
};

export const noServers = of([]);

export function stillOpen() {
  return {
    tracks: tracks.filter((track) => track.readyState === "live").length,
    connections: connections.filter((pc) => pc.connectionState !== "closed").length,
  };
}

/** A call whose sessions hear each other from then on, and follow the same servers. */
export async function connect(
  capture: Capture,
  iceServers$: Observable<readonly IceServer[]> = noServers,
  negotiable = true,
): Promise<readonly [BrowserSession, BrowserSession]> {
  const media = browserMedia(options);
  const [caller, callee] = [media.open({ iceServers$ }), media.open({ iceServers$ })];
  const offer = await caller.offer(capture);
  wire(caller, callee);
  const answer = await callee.answer({ ...offer, negotiable }, capture);
  wire(callee, caller);
  await caller.accept({ ...answer, negotiable });
  return [caller, callee];
}

export function wire(from: BrowserSession, to: BrowserSession): void {
  from.negotiations$.subscribe((description) => {
    to.negotiate(description).catch((thrown: TrunklineError) => {
      // A call may end while its sides still talk.
      if (thrown.code !== "closed") throw thrown;
    });
  });
  from.candidates$.subscribe((candidate) => to.addCandidates([candidate]));
}

/** What has come in at a connection so far, by kind. */
export async function received(
  pc: RTCPeerConnection,
): Promise<{ audioPackets: number; videoFrames: number }> {
  const sums = { audioPackets: 0, videoFrames: 0 };
  for (const report of (await pc.getStats()).values()) {
    if (report.type !== "inbound-rtp") continue;
    if (report.kind === "audio") sums.audioPackets += report.packetsReceived;
    else sums.videoFrames += report.framesDecoded;
  }
  return sums;
}

/** Looks again with each frame until it is so. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise(requestAnimationFrame);
}
