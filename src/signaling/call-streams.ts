/** What each side says of its streams, between descriptions (P25): muted or not, mostly. */
import type { SessionDescription, StreamInfo } from "../streams/contract.ts";
import {
  type Call,
  type CommandOf,
  dropped,
  from,
  refOf,
  refused,
  type Step,
  sameParty,
  send,
  stay,
} from "./call-state.ts";
import { encode } from "./encode.ts";
import type { EventOf } from "./event-types.ts";

/** A description tells the peer of our streams by itself. */
export const told = (call: Call, { streams }: SessionDescription): Call =>
  streams ? { ...call, streams, toldStreams: streams } : call;

/** Takes note of our streams. The peer is told when they have settled: a homeserver lets few events through (P30). */
export function changeStreams(call: Call, command: CommandOf<"streams">): Step {
  const heard = call.phase === "answered" || (call.phase === "invited" && call.direction === "outgoing");
  return heard
    ? stay({ ...call, streams: command.streams }, { type: "settle_streams" })
    : refused(call, command);
}

/** Tells the peer, unless it knows. */
export function tellStreams(call: Call): Step {
  const { streams } = call;
  if (!streams || same(streams, call.toldStreams)) return stay(call);
  return stay({ ...call, toldStreams: streams }, ...encode.streamsChanged(from(call), streams).map(send));
}

export function streamsChanged(call: Call, event: EventOf<"streams">): Step {
  return sameParty(call.peer, event.sender)
    ? stay(call, { type: "signal", signal: { type: "streams", streams: event.streams, ...refOf(call) } })
    : dropped(call, event, "streams of somebody who is not the peer");
}

/** Whether two lists say the same, in whatever order. */
function same(a: readonly StreamInfo[], b: readonly StreamInfo[] | undefined): boolean {
  const text = (streams: readonly StreamInfo[]) =>
    JSON.stringify(
      streams
        .map(({ id, purpose, audioMuted, videoMuted }) =>
          JSON.stringify([id, purpose, audioMuted, videoMuted]),
        )
        .sort(),
    );
  return b !== undefined && text(a) === text(b);
}
