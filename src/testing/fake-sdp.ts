import { TrunklineError } from "../streams/errors.ts";
import type { FakeTrack } from "./fake-media.ts";

type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";
const DIRECTIONS: readonly Direction[] = ["sendrecv", "sendonly", "recvonly", "inactive"];

export interface FakeSection {
  readonly kind: FakeTrack["kind"];
  readonly direction: Direction;
  /** The stream that its sender sends, or would send but for a hold. */
  readonly streamId?: string;
}

/** What a fake description says: who made it, what it sends and whether it holds, and how its maker is reached. */
export interface FakeSdp {
  readonly sessionId: string;
  /** Which gathering its candidates are of: an ICE restart begins another. */
  readonly generation: number;
  readonly sections: readonly FakeSection[];
  /** Whether there are channels. */
  readonly application: boolean;
  readonly candidates: readonly string[];
  /** Whether these are all: the end marker inside (P24). */
  readonly ended: boolean;
}

const END = "a=end-of-candidates";

/** Where a session's candidates of one gathering belong. */
export function ufragOf({ sessionId, generation }: Pick<FakeSdp, "sessionId" | "generation">): string {
  return `${sessionId}+${generation}`;
}

/** The nth candidate of a gathering. It names its session, so that a candidate gone astray connects nothing. */
export function fakeCandidate(ufrag: string, n: number): string {
  return `candidate:${n} 1 udp ${2_122_260_224 - n} 127.0.0.1 ${4000 + n} typ host generation 0 ufrag ${ufrag}`;
}

export function writeSdp(description: FakeSdp): string {
  const { sections, application, candidates, ended } = description;
  const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=ice-ufrag:${ufragOf(description)}`];
  for (const [index, { kind, direction, streamId }] of sections.entries()) {
    lines.push(`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, "c=IN IP4 0.0.0.0", `a=mid:${index}`, `a=${direction}`);
    if (streamId) lines.push(`a=msid:${streamId} ${streamId}-${kind}`);
    if (index === 0) lines.push(...candidates.map((candidate) => `a=${candidate}`));
    if (index === 0 && ended) lines.push(END);
  }
  if (application) {
    lines.push("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", `a=mid:${sections.length}`);
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** Reads what `writeSdp` wrote. Throws `media_failed` for anything that is no session description. */
export function readSdp(sdp: string): FakeSdp {
  const lines = sdp.split("\r\n");
  const [sessionId, generation] = valuesOf(lines, "a=ice-ufrag:")[0]?.split("+") ?? [];
  if (lines[0] !== "v=0" || !sessionId) {
    throw new TrunklineError("media_failed", "The peer's description cannot be used: it is not SDP.");
  }
  const sections: FakeSection[] = [];
  for (const section of sdp.split("\r\nm=").slice(1)) {
    const kind = section.split(" ")[0];
    const own = section.split("\r\n");
    const streamId = valuesOf(own, "a=msid:")[0]?.split(" ")[0];
    const direction = DIRECTIONS.find((each) => own.includes(`a=${each}`)) ?? "sendrecv";
    if (kind === "audio" || kind === "video")
      sections.push({ kind, direction, ...(streamId && { streamId }) });
  }
  if (sections.length === 0) {
    throw new TrunklineError("media_failed", "The peer's description holds neither audio nor video.");
  }
  return {
    sessionId,
    generation: Number(generation),
    sections,
    application: lines.some((line) => line.startsWith("m=application ")),
    candidates: valuesOf(lines, "a=candidate:").map((value) => `candidate:${value}`),
    ended: lines.includes(END),
  };
}

/** Whether the maker of a description keeps its reader on hold: it wants nothing of it. */
export function holds({ sections }: FakeSdp): boolean {
  return sections.every(({ direction }) => direction === "sendonly" || direction === "inactive");
}

/** Whether the maker of a description receives what its reader sends in this section. */
export function receives({ direction }: FakeSection): boolean {
  return direction === "sendrecv" || direction === "recvonly";
}

function valuesOf(lines: readonly string[], prefix: string): string[] {
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
}
