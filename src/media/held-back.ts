import type { Candidate, Description } from "../streams/contract.ts";

/** Browsers differ in which line ends and which case they take; none may find a candidate that was overlooked here. */
const LINE_END = /\r\n|\r|\n/;
const CANDIDATE = /^a=\s*(?:remote-)?candidates?\b/i;
const END = /^a=\s*end-of-candidates\b/i;

/** A description without its candidates, and those, each with its place: held back, they lead to no packet (P45). */
export function holdBack({ type, sdp }: Description): readonly [Description, readonly Candidate[]] {
  const kept: string[] = [];
  const candidates: Candidate[] = [];
  let sdpMLineIndex = -1;
  for (const line of sdp.split(LINE_END)) {
    if (line.startsWith("m=")) sdpMLineIndex++;
    const end = END.test(line);
    if (!end && !CANDIDATE.test(line)) kept.push(line);
    else if (sdpMLineIndex >= 0) {
      candidates.push({ candidate: end ? "" : line.slice("a=".length).trim(), sdpMLineIndex });
    }
  }
  return [{ type, sdp: kept.join("\r\n") }, candidates];
}
