import { filter, firstValueFrom, lastValueFrom, map, type Observable, ReplaySubject, toArray } from "rxjs";
import type {
  Candidate,
  Command,
  End,
  SessionDescription,
  Signal,
  SignalingHalf,
  SignalingStatus,
} from "../streams/contract.ts";
import { equal, within } from "./assert.ts";

/** Two users in one private room, each with a signalling half, made anew for each case. */
export interface SignalingWorld {
  readonly alice: SignalingHalf;
  readonly bob: SignalingHalf;
  readonly roomId: string;
}

export const OFFER: SessionDescription = {
  description: { type: "offer", sdp: "v=0\r\ns=offer\r\n" },
  streams: [{ id: "alice", purpose: "m.usermedia", audioMuted: false, videoMuted: true }],
};
export const ANSWER: SessionDescription = {
  description: { type: "answer", sdp: "v=0\r\ns=answer\r\n" },
  streams: [{ id: "bob", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
};
export const CANDIDATES: readonly Candidate[] = [
  { candidate: "candidate:1 1 udp 1 192.0.2.1 1000 typ host", sdpMid: "0", sdpMLineIndex: 0 },
  { candidate: "candidate:2 1 udp 2 192.0.2.1 1001 typ host", sdpMid: "1", sdpMLineIndex: 1 },
  { candidate: "", sdpMid: "0", sdpMLineIndex: 0 },
];

/** A half that is online, with all that it said so far. */
export class Watched {
  readonly signals = new ReplaySubject<Signal>();
  readonly statuses = new ReplaySubject<SignalingStatus>();
  readonly half: SignalingHalf;
  userId = "";

  constructor(half: SignalingHalf) {
    this.half = half;
    half.status$.subscribe(this.statuses);
    half.signals$.subscribe(this.signals);
  }

  /** The first signal of a type, past or to come. */
  signal<T extends Signal["type"]>(type: T): Promise<Extract<Signal, { type: T }>> {
    return within(firstValueFrom(this.signals.pipe(filter((signal) => isType(signal, type)))), `"${type}"`);
  }

  /** Checks how the call ended, now or later. */
  async ended(end: End): Promise<void> {
    equal((await this.signal("ended")).end, end, `how the call ended for ${this.userId}`);
  }

  /** The first `count` candidates, however they were batched. */
  async candidates(count: number): Promise<Candidate[]> {
    const seen: Candidate[] = [];
    const enough = this.signals.pipe(
      filter((signal) => isType(signal, "candidates")),
      map(({ candidates }) => seen.push(...candidates)),
      filter((length) => length >= count),
    );
    await within(firstValueFrom(enough), `${count} candidates`);
    return seen;
  }
}

function isType<T extends Signal["type"]>(signal: Signal, type: T): signal is Extract<Signal, { type: T }> {
  return signal.type === type;
}

export async function online(half: SignalingHalf): Promise<Watched> {
  const watched = new Watched(half);
  const { identity } = await within(
    firstValueFrom(watched.statuses.pipe(filter(({ state }) => state === "online"))),
    "being online",
  );
  watched.userId = identity?.userId ?? "";
  return watched;
}

export function refIn({ roomId }: SignalingWorld) {
  return { roomId, callId: crypto.randomUUID() };
}

/** Both online, and a call of Alice's to Bob that is being prepared. */
export async function placed(world: SignalingWorld) {
  const ref = refIn(world);
  const [alice, bob] = await Promise.all([online(world.alice), online(world.bob)]);
  const place: Command = { ...ref, type: "place", invitee: bob.userId };
  await alice.half.dispatch(place);
  return { alice, bob, ref };
}

/** The same, answered. */
export async function answered(world: SignalingWorld) {
  const call = await placed(world);
  await call.alice.half.dispatch({ ...call.ref, type: "invite", ...OFFER });
  await call.bob.signal("incoming");
  await call.bob.half.dispatch({ ...call.ref, type: "answer", ...ANSWER });
  await call.alice.signal("answered");
  return call;
}

export function listOf<T>(stream: Observable<T>): Promise<T[]> {
  return within(lastValueFrom(stream.pipe(toArray())), "the end of a stream");
}

export function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return ["string", "number", "boolean"].includes(typeof value);
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
