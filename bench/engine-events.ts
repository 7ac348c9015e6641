/** What the rooms of many live calls bring, as sync responses have it: each event parsed from JSON, as a transport's are. */
import { encode, type From, type Outgoing } from "../src/signaling/encode.ts";
import type { Candidate, RoomEvent, StreamInfo } from "../src/streams/contract.ts";

export const US = { userId: "@us:example.org", deviceId: "PHONE" };
const SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n".padEnd(3_000, "a=rtpmap:111 opus/48000/2\r\n");
export const OFFER = { description: { type: "offer", sdp: SDP } } as const;
export const ANSWER = { description: { type: "answer", sdp: SDP } } as const;

const CANDIDATES: readonly Candidate[] = Array.from({ length: 4 }, (_, at) => ({
  candidate: `candidate:842163049 1 udp 1677729535 192.0.2.${at} 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0`,
  sdpMid: "0",
  sdpMLineIndex: 0,
}));
const STREAMS: readonly StreamInfo[] = [
  { id: "stream", purpose: "m.usermedia", audioMuted: true, videoMuted: false },
];

/** A room with a call in it, and how many it has had. */
export class BenchRoom {
  readonly roomId: string;
  readonly #peer: string;
  #ours = "";
  #calls = 0;

  constructor(index: number) {
    this.roomId = `!room${index}:example.org`;
    this.#peer = `@peer${index}:example.org`;
  }

  get callId(): string {
    return `call-${this.roomId.slice(1, -12)}-${this.#calls}`;
  }

  /** Learns our party in the call that goes on, from what we say in it. */
  hear(content: object): void {
    if ("party_id" in content) this.#ours = String(content.party_id);
  }

  /** The next event of the sort; a call that has ended is followed by the next one's invite. */
  next(sort: Sort): readonly RoomEvent[] {
    switch (sort) {
      case "candidates":
        return [this.#theirs(encode.candidates(this.#end, CANDIDATES))];
      case "echo":
        return [this.#event(US.userId, encode.candidates({ ...this.#end, partyId: this.#ours }, CANDIDATES))];
      case "negotiate":
        return [this.#theirs(encode.negotiate(this.#end, OFFER, 60_000))];
      case "streams":
        return encode.streamsChanged(this.#end, STREAMS).map((event) => this.#theirs(event));
      case "hangup":
        return [this.#theirs(encode.hangup(this.#end, "user_hangup")), this.invite()];
      case "member":
        return [this.#theirs({ type: "m.room.member", content: { membership: "join" } }, this.#peer)];
      case "message":
        return [this.#theirs({ type: "m.room.message", content: { msgtype: "m.text", body: "hello" } })];
      case "unknown":
        return [this.#theirs(encode.candidates({ ...this.#end, callId: "someone-else's" }, CANDIDATES))];
    }
  }

  invite(): RoomEvent {
    this.#calls += 1;
    return this.#theirs(encode.invite(this.#end, OFFER, 90_000, US.userId));
  }

  get #end(): From {
    return { roomId: this.roomId, callId: this.callId, partyId: "theirs" };
  }

  #theirs(event: Outgoing, stateKey?: string): RoomEvent {
    return this.#event(this.#peer, event, stateKey);
  }

  #event(sender: string, { type, content }: Outgoing, stateKey?: string): RoomEvent {
    const event = {
      roomId: this.roomId,
      eventId: "$event",
      sender,
      type,
      content,
      age: 20,
      encrypted: false,
    };
    return JSON.parse(JSON.stringify({ ...event, ...(stateKey !== undefined && { stateKey }) }));
  }
}

export type Sort = (typeof MIX)[number];

/** Of 25 events: mostly candidates, now and then a change, a call that ends and the next; and what is none of ours. */
export const MIX = [
  ...Array<"candidates">(9).fill("candidates"),
  ...Array<"echo">(4).fill("echo"),
  ...Array<"member">(3).fill("member"),
  ...Array<"message">(2).fill("message"),
  ...Array<"unknown">(2).fill("unknown"),
  "negotiate",
  "streams",
  "hangup",
] as const;
