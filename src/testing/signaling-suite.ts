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
import { equal, rejects, truthy, within } from "./assert.ts";

/** Two users in one private room, each with a signalling half, made anew for each case. */
export interface SignalingWorld {
  readonly alice: SignalingHalf;
  readonly bob: SignalingHalf;
  readonly roomId: string;
}

export interface SignalingCase {
  readonly name: string;
  /** Rejects where the halves do not do as the contract says. */
  run(world: SignalingWorld): Promise<void>;
}

const OFFER: SessionDescription = {
  description: { type: "offer", sdp: "v=0\r\ns=offer\r\n" },
  streams: [{ id: "alice", purpose: "m.usermedia", audioMuted: false, videoMuted: true }],
};
const ANSWER: SessionDescription = {
  description: { type: "answer", sdp: "v=0\r\ns=answer\r\n" },
  streams: [{ id: "bob", purpose: "m.usermedia", audioMuted: false, videoMuted: false }],
};
const CANDIDATES: readonly Candidate[] = [
  { candidate: "candidate:1 1 udp 1 192.0.2.1 1000 typ host", sdpMid: "0", sdpMLineIndex: 0 },
  { candidate: "candidate:2 1 udp 2 192.0.2.1 1001 typ host", sdpMid: "1", sdpMLineIndex: 1 },
  { candidate: "", sdpMid: "0", sdpMLineIndex: 0 },
];

/** What every signalling half has to do, wherever its engine runs. Any test runner can run it. */
export const signalingSuite: readonly SignalingCase[] = [
  {
    name: "carries a whole call, from place to hangup",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await alice.signal("invited");
      const incoming = await bob.signal("incoming");
      equal(incoming.peer.userId, alice.userId, "the caller");
      equal(incoming.description, OFFER.description, "the offer");
      equal(incoming.streams, OFFER.streams, "the caller's streams");
      await bob.half.dispatch({ ...ref, type: "answer", ...ANSWER });
      const answered = await alice.signal("answered");
      equal(answered.peer.userId, bob.userId, "the callee");
      equal(answered.description, ANSWER.description, "the answer");
      equal(answered.streams, ANSWER.streams, "the callee's streams");
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        for (const candidate of CANDIDATES)
          await from.half.dispatch({ ...ref, type: "candidate", candidate });
        equal(await to.candidates(CANDIDATES.length), CANDIDATES, "the candidates");
      }
      await alice.half.dispatch({ ...ref, type: "hangup", reason: "user_hangup" });
      await alice.ended({ by: "us", reason: "user_hangup" });
      await bob.ended({ by: "peer", reason: "user_hangup" });
    },
  },
  {
    name: "carries a rejection",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await bob.half.dispatch({ ...ref, type: "reject" });
      await alice.ended({ by: "peer", reason: "rejected" });
      await bob.ended({ by: "us", reason: "rejected" });
    },
  },
  {
    name: "puts only plain, cloneable values on its streams",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await bob.half.dispatch({ ...ref, type: "reject" });
      await alice.signal("ended");
      await Promise.all([alice.half.close(), bob.half.close()]);
      for (const { signals, statuses } of [alice, bob]) {
        const all = [...(await listOf(signals)), ...(await listOf(statuses))];
        truthy(
          all.some((value) => "type" in value && value.type === "trace"),
          "there is a trace",
        );
        for (const value of all) truthy(isPlain(value), `this is plain data: ${JSON.stringify(value)}`);
      }
    },
  },
  {
    name: "rejects a command for a call that is not known with unknown_call",
    async run(world) {
      const alice = await online(world.alice);
      await rejects(alice.half.dispatch({ ...refIn(world), type: "reject" }), "unknown_call");
    },
  },
  {
    name: "rejects a command that does not fit the call's state with wrong_state, and goes on with the call",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await rejects(alice.half.dispatch({ ...ref, type: "answer", ...ANSWER }), "wrong_state");
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "wrong_state");
      await bob.signal("incoming");
    },
  },
  {
    name: "takes commands at once, before it is online",
    async run(world) {
      const ref = refIn(world);
      const placing = world.alice.dispatch({ ...ref, type: "place" });
      const inviting = world.alice.dispatch({ ...ref, type: "invite", ...OFFER });
      await (await online(world.bob)).signal("incoming");
      await Promise.all([placing, inviting]);
    },
  },
  {
    name: "replays the ICE servers in force to each subscriber (P29)",
    async run({ alice }) {
      const first = await firstValueFrom(alice.iceServers$);
      equal(await firstValueFrom(alice.iceServers$), first, "the servers");
    },
  },
  {
    name: "replays its status to each subscriber, and completes it after stopped",
    async run({ alice }) {
      const { half, statuses } = await online(alice);
      equal((await firstValueFrom(half.status$)).state, "online", "the status now");
      await half.close();
      const states = (await listOf(statuses)).map(({ state }) => state);
      equal([states.at(0), states.at(-1)], ["starting", "stopped"], "the first status and the last");
      equal(states.filter((state) => state === "stopped").length, 1, "how often it stopped");
      const late = await lastValueFrom(half.status$);
      equal([late.state, late.error], ["stopped", undefined], "the status to one who comes late");
    },
  },
  {
    name: "completes its streams on close(), once",
    async run({ alice }) {
      const { half, signals } = await online(alice);
      const servers = lastValueFrom(half.iceServers$.pipe(toArray()));
      await Promise.all([half.close(), half.close()]);
      await half.close();
      await listOf(signals);
      await servers;
    },
  },
  {
    name: "rejects commands after close() with closed",
    async run(world) {
      const { alice, ref } = await placed(world);
      const closing = alice.half.close();
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "closed");
      await closing;
      await rejects(alice.half.dispatch({ ...ref, type: "invite", ...OFFER }), "closed");
    },
  },
  {
    name: "hangs up live calls on close(), and says so first",
    async run(world) {
      const { alice, bob, ref } = await placed(world);
      await alice.half.dispatch({ ...ref, type: "invite", ...OFFER });
      await bob.signal("incoming");
      await alice.half.close();
      await alice.ended({ by: "us", reason: "user_hangup" });
      await bob.ended({ by: "peer", reason: "user_hangup" });
    },
  },
];

/** A half that is online, with all that it said so far. */
class Watched {
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

async function online(half: SignalingHalf): Promise<Watched> {
  const watched = new Watched(half);
  const { identity } = await within(
    firstValueFrom(watched.statuses.pipe(filter(({ state }) => state === "online"))),
    "being online",
  );
  watched.userId = identity?.userId ?? "";
  return watched;
}

function refIn({ roomId }: SignalingWorld) {
  return { roomId, callId: crypto.randomUUID() };
}

/** Both online, and a call of Alice's to Bob that is being prepared. */
async function placed(world: SignalingWorld) {
  const ref = refIn(world);
  const [alice, bob] = await Promise.all([online(world.alice), online(world.bob)]);
  const place: Command = { ...ref, type: "place", invitee: bob.userId };
  await alice.half.dispatch(place);
  return { alice, bob, ref };
}

function listOf<T>(stream: Observable<T>): Promise<T[]> {
  return within(lastValueFrom(stream.pipe(toArray())), "the end of a stream");
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return ["string", "number", "boolean"].includes(typeof value);
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
