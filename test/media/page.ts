/** What test/e2e/media.test.ts runs inside Chromium: the suite, and what only real media can show. */
import { lastValueFrom, take, toArray } from "rxjs";
import { browserMedia } from "../../src/media/browser.ts";
import type { Capture } from "../../src/streams/contract.ts";
import { toErrorData } from "../../src/streams/errors.ts";
import { mediaSuite } from "../../src/testing/media-suite.ts";
import { deviceScenes } from "./device-scenes.ts";
import { peerScenes } from "./peer-scenes.ts";
import { readyScenes } from "./ready-scenes.ts";
import { scenes } from "./scenes.ts";
import { connect, connections, devices, noServers, options, received, stillOpen, tracks } from "./watched.ts";

/** The audio that has gone out at a connection so far. */
async function sent(pc: RTCPeerConnection): Promise<{ packets: number; energy: number }> {
  const sums = { packets: 0, energy: 0 };
  for (const report of (await pc.getStats()).values()) {
    if (report.type === "outbound-rtp") sums.packets += report.packetsSent;
    if (report.type === "media-source") sums.energy += report.totalAudioEnergy;
  }
  return sums;
}

const page = {
  ...scenes,
  ...readyScenes,
  ...deviceScenes,
  ...peerScenes,
  names: mediaSuite.map(({ name }) => name),

  async run(name: string): Promise<void> {
    tracks.length = 0;
    connections.length = 0;
    const found = mediaSuite.find((each) => each.name === name);
    await found?.run({
      media: browserMedia(options),
      denyDevices: (denied, kind) => devices.deny(denied, kind),
      unplug: (kind) => devices.unplug(kind),
      plugIn: (kind) => devices.plugIn(kind),
      muteDevices: (kind, muted) => devices.mute(kind, muted),
      holdPrompts: (held) => devices.holdPrompts(held),
      limitCameras: (limited) => {
        devices.oneCamera = limited;
      },
      knowDevices: (known) => devices.know(known),
      stillOpen,
    });
  },

  /** Connects a call, waits until media comes in on both sides, closes it. */
  async traffic(capture: Capture) {
    tracks.length = 0;
    connections.length = 0;
    const sessions = await connect(capture);
    let counts = await Promise.all(connections.map(received));
    const enough = () =>
      counts.every((count) => count.audioPackets >= 10 && (!capture.video || count.videoFrames >= 5));
    while (!enough()) {
      await new Promise(requestAnimationFrame);
      counts = await Promise.all(connections.map(received));
    }
    for (const session of sessions) session.close();
    return {
      counts,
      tracks: [...tracks, ...connections.flatMap((pc) => pc.getReceivers().map(({ track }) => track))].map(
        (track) => track.readyState,
      ),
      connections: connections.map((pc) => pc.connectionState),
    };
  },

  /** How much the energy of the sent audio grows in the course of 60 packets (1.2 s): heard, muted, heard again. */
  async loudness(): Promise<readonly number[]> {
    connections.length = 0;
    const sessions = await connect({ audio: true });
    const sender = connections[0] as RTCPeerConnection;
    const after = async (packets: number) => {
      const start = await sent(sender);
      for (;;) {
        const now = await sent(sender);
        if (now.packets >= start.packets + packets) return now.energy;
        await new Promise(requestAnimationFrame);
      }
    };
    const growth: number[] = [];
    for (const muted of [false, true, false]) {
      sessions[0].mute({ audio: muted });
      const before = await after(25);
      growth.push((await after(60)) - before);
    }
    for (const session of sessions) session.close();
    return growth;
  },

  /** The error of an offer with the page's own devices and these options. */
  async refusal(capture: Capture) {
    const session = browserMedia().open({ iceServers$: noServers });
    try {
      await session.offer(capture);
      return undefined;
    } catch (thrown) {
      return toErrorData(thrown);
    } finally {
      session.close();
    }
  },

  /** How long `offer()` took, in ms, and its milestones by then; n times over, one after the other. */
  async offerTimes(n: number): Promise<readonly number[]> {
    const times: number[] = [];
    for (let i = 0; i < n; i++) {
      const session = browserMedia().open({ iceServers$: noServers });
      const start = performance.now();
      await session.offer({ audio: true, video: true });
      times.push(performance.now() - start);
      session.close();
    }
    return times;
  },

  /** Closes a session while the browser is still opening its devices; resolves when they have opened. */
  async closedWhileOpening(): Promise<readonly string[]> {
    tracks.length = 0;
    const opening: Promise<unknown>[] = [];
    const getUserMedia = (constraints?: MediaStreamConstraints) => {
      const opened = options.mediaDevices.getUserMedia(constraints);
      opening.push(opened);
      return opened;
    };
    const session = browserMedia({ mediaDevices: { getUserMedia } }).open({ iceServers$: noServers });
    const offering = session.offer({ audio: true, video: true }).catch(() => {});
    session.close();
    await offering;
    await Promise.all(opening);
    // What follows the opening is done with the next task.
    await new Promise(requestAnimationFrame);
    return tracks.map((track) => track.readyState);
  },

  /** The milestones of one call, at both ends, until all five are reached. */
  async milestones() {
    const sessions = await connect({ audio: true, video: true });
    const reached = await Promise.all(
      sessions.map(({ milestones$ }) => lastValueFrom(milestones$.pipe(take(5), toArray()))),
    );
    for (const session of sessions) session.close();
    return reached.map((milestones) => milestones.map(({ name }) => name));
  },
};

export type MediaPage = typeof page;

// One that has another's name would take its place without a word.
const names = [scenes, readyScenes, deviceScenes, peerScenes].flatMap(Object.keys);
const twice = names.find((name, index) => names.indexOf(name) < index);
if (twice) throw new Error(`Two scenes have the name ${twice}.`);
Object.assign(globalThis, { mediaPage: page });
