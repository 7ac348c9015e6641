import type { Kind } from "./capture.ts";

/** One sender a kind, of one purpose. */
export type Senders = ReadonlyMap<Kind, RTCRtpSender>;

// Senders carry their stream from the first description on and get their tracks later, by `replaceTrack`: so the
// description does not wait for the camera, and needs no second negotiation when it has opened.

/** Adds a transceiver for each kind, for an offer of ours; `stream` names them in the SDP. */
export function addSenders(pc: RTCPeerConnection, kinds: readonly Kind[], stream: MediaStream): Senders {
  return new Map(
    kinds.map((kind) => [kind, pc.addTransceiver(kind, { direction: "sendrecv", streams: [stream] }).sender]),
  );
}

/** Takes the first transceiver of each kind that the peer's offer has made; a kind it did not offer has no sender. */
export function adoptSenders(pc: RTCPeerConnection, kinds: readonly Kind[], stream: MediaStream): Senders {
  const senders = new Map<Kind, RTCRtpSender>();
  for (const kind of kinds) {
    const transceiver = pc
      .getTransceivers()
      .find((each) => each.receiver.track.kind === kind && each.direction !== "stopped");
    if (!transceiver) continue;
    transceiver.direction = "sendrecv";
    transceiver.sender.setStreams(stream);
    senders.set(kind, transceiver.sender);
  }
  return senders;
}

/** Sends each track by the sender of its kind; resolves with the tracks that have none. */
export async function sendTracks(
  senders: Senders,
  tracks: readonly MediaStreamTrack[],
): Promise<readonly MediaStreamTrack[]> {
  const unsent: MediaStreamTrack[] = [];
  await Promise.all(
    tracks.map((track) => {
      const sender = senders.get(track.kind as Kind);
      if (!sender) unsent.push(track);
      return sender?.replaceTrack(track);
    }),
  );
  return unsent;
}
