/** Watches a page's media from below, whoever's they are: to be loaded before the phone. */
import type { Receiving } from "./peer.ts";

/** Over how long media must have come in to count, in ms. */
const WINDOW = 400;

const connections: RTCPeerConnection[] = [];
const tracks: MediaStreamTrack[] = [];
const devices = navigator.mediaDevices;

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    connections.push(this);
  }
};

function watched<A extends unknown[]>(open: (...args: A) => Promise<MediaStream>) {
  return async (...args: A): Promise<MediaStream> => {
    const stream = await open(...args);
    const clone = stream.clone.bind(stream);
    stream.clone = () => watch(clone());
    return watch(stream);
  };
}

function watch(stream: MediaStream): MediaStream {
  tracks.push(...stream.getTracks());
  return stream;
}

let devicesFree = Promise.resolve();
let freeDevices = () => {};

export function holdDevices(on: boolean): void {
  freeDevices();
  if (!on) return;
  devicesFree = new Promise((resolve) => {
    freeDevices = resolve;
  });
}

const getUserMedia = devices.getUserMedia.bind(devices);
devices.getUserMedia = watched(async (constraints?: MediaStreamConstraints) => {
  await devicesFree;
  return getUserMedia(constraints);
});
devices.getDisplayMedia = watched(() => Promise.resolve(screenOf(360, 640)));

/** A screen to share: neither browser has a fake one. It moves, so that frames are sent; it is higher than wide. */
function screenOf(width: number, height: number): MediaStream {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  const stream = canvas.captureStream(15);
  const track = stream.getVideoTracks()[0];
  const draw = (time: number) => {
    if (pen) {
      pen.fillStyle = `hsl(${time / 10} 80% 50%)`;
      pen.fillRect(0, 0, width, height);
    }
    if (track?.readyState === "live") requestAnimationFrame(draw);
  };
  draw(0);
  return stream;
}

/** What the live connections say of each receiver. */
async function inbound() {
  const live = connections.filter(({ connectionState }) => connectionState === "connected");
  const reports = await Promise.all(live.map((connection) => connection.getStats()));
  return reports
    .flatMap((report, index) => [...report.values()].map((entry) => ({ ...entry, index })))
    .filter(({ type }) => type === "inbound-rtp");
}

/** What has come in so far, by receiver. */
async function received(): Promise<Map<string, { kind: string; amount: number }>> {
  return new Map(
    (await inbound()).map(({ index, mid, ssrc, kind, packetsReceived, framesDecoded = 0 }) => [
      `${index} ${mid} ${ssrc}`,
      { kind, amount: kind === "video" ? framesDecoded : packetsReceived },
    ]),
  );
}

export async function pictures(): Promise<string[]> {
  return (await inbound())
    .filter(({ kind, frameHeight }) => kind === "video" && frameHeight)
    .map(({ frameWidth, frameHeight }) => (frameHeight > frameWidth ? "portrait" : "landscape"));
}

export async function receiving(): Promise<Receiving> {
  const before = await received();
  await new Promise((resolve) => setTimeout(resolve, WINDOW));
  const after = await received();
  const flowing = [...after].filter(([key, { amount }]) => amount > (before.get(key)?.amount ?? 0));
  const count = (kind: string) => flowing.filter(([, entry]) => entry.kind === kind).length;
  return { audio: count("audio"), video: count("video") };
}

export const leftOpen = () => ({
  tracks: tracks.filter(({ readyState }) => readyState === "live").length,
  connections: connections.filter(({ connectionState }) => connectionState !== "closed").length,
});
