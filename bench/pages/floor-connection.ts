/** The least that connecting can take: ICE and DTLS between two pages that know all of each other. */
import { now } from "../browser/time.ts";

/** How long candidates are waited for, in ms: one TURN server's silence must not spoil the rest. */
const PATIENCE = 5_000;
let present: { readonly connection: RTCPeerConnection; readonly connected: Promise<number> } | undefined;

export interface Servers {
  readonly iceServers: RTCIceServer[];
  readonly relay: boolean;
}

function connectionFor({ iceServers, relay }: Servers): RTCPeerConnection {
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

/** An offer with every candidate in it. */
export async function offer(servers: Servers, video: boolean): Promise<string> {
  const connection = connectionFor(servers);
  connection.addTransceiver("audio");
  if (video) connection.addTransceiver("video");
  return gathered(connection, await connection.createOffer());
}

/** An answer with every candidate in it; nothing is sent to the peer yet. */
export async function answer(servers: Servers, theirs: string): Promise<string> {
  const connection = connectionFor(servers);
  const sdp = theirs
    .split("\r\n")
    .filter((line) => !isCandidate(line))
    .join("\r\n");
  await connection.setRemoteDescription({ type: "offer", sdp });
  return gathered(connection, await connection.createAnswer());
}

/**
 * Lets go at a moment: the caller with the whole answer, the callee with the candidates. Resolves with the moment at
 * which it was connected; with none where it came too late to let go.
 */
export async function connect(moment: number, sdp: string): Promise<number | undefined> {
  const { connection, connected } = needed();
  const late = now() > moment;
  await until(moment);
  if (connection.signalingState === "have-local-offer") {
    await connection.setRemoteDescription({ type: "answer", sdp });
  } else {
    const candidates = sdp.split("\r\n").filter(isCandidate);
    const add = (line: string) => connection.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 });
    await Promise.all(candidates.map(add));
  }
  const at = await connected;
  return late ? undefined : at;
}

/** How far it has come, for a message. */
export function state(): string {
  if (!present) return "no connection";
  const { connectionState, iceConnectionState, iceGatheringState, signalingState } = present.connection;
  return `connection ${connectionState}, ICE ${iceConnectionState}, gathering ${iceGatheringState}, signalling ${signalingState}`;
}

export function close(): void {
  present?.connection.close();
}
