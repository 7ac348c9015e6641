import { TrunklineError } from "../streams/errors.ts";
import type { FakeStream, FakeTrack } from "./fake-media.ts";

export interface FakeSection {
  readonly kind: FakeTrack["kind"];
  /** The stream that its sender sends; absent where it only receives. */
  readonly streamId?: string;
}

/** What a fake description says: who made it, what it sends, and how its maker can be reached. */
export interface FakeSdp {
  readonly sessionId: string;
  readonly sections: readonly FakeSection[];
  readonly candidates: readonly string[];
}

/** The nth candidate of a session. It names its session, so that a candidate gone astray connects nothing. */
export function fakeCandidate(sessionId: string, n: number): string {
  return `candidate:${n} 1 udp ${2_122_260_224 - n} 127.0.0.1 ${4000 + n} typ host generation 0 ufrag ${sessionId}`;
}

export function writeSdp({ sessionId, sections, candidates }: FakeSdp): string {
  const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=ice-ufrag:${sessionId}`];
  for (const [index, { kind, streamId }] of sections.entries()) {
    lines.push(`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, "c=IN IP4 0.0.0.0", `a=mid:${index}`);
    lines.push(streamId ? "a=sendrecv" : "a=recvonly");
    if (streamId) lines.push(`a=msid:${streamId} ${streamId}-${kind}`);
    if (index === 0) lines.push(...candidates.map((candidate) => `a=${candidate}`));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** Reads what `writeSdp` wrote. Throws `media_failed` for anything that is no session description. */
export function readSdp(sdp: string): FakeSdp {
  const lines = sdp.split("\r\n");
  const sessionId = valuesOf(lines, "a=ice-ufrag:")[0];
  if (lines[0] !== "v=0" || !sessionId) {
    throw new TrunklineError("media_failed", "The peer's description cannot be used: it is not SDP.");
  }
  const sections: FakeSection[] = [];
  for (const section of sdp.split("\r\nm=").slice(1)) {
    const kind = section.split(" ")[0];
    const streamId = valuesOf(section.split("\r\n"), "a=msid:")[0]?.split(" ")[0];
    if (kind === "audio" || kind === "video") sections.push({ kind, ...(streamId && { streamId }) });
  }
  if (sections.length === 0) {
    throw new TrunklineError("media_failed", "The peer's description holds neither audio nor video.");
  }
  return { sessionId, sections, candidates: valuesOf(lines, "a=candidate:") };
}

/** The streams that a description sends, in its order. */
export function streamsOf({ sections }: FakeSdp): readonly FakeStream[] {
  const tracks = new Map<string, FakeTrack[]>();
  for (const { kind, streamId } of sections) {
    if (!streamId) continue;
    const track: FakeTrack = { kind, enabled: true, readyState: "live" };
    tracks.set(streamId, [...(tracks.get(streamId) ?? []), track]);
  }
  return [...tracks].map(([id, of]) => ({ id, tracks: of }));
}

function valuesOf(lines: readonly string[], prefix: string): string[] {
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}
