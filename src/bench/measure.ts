import { createEngine } from "../signaling/engine.ts";
import { createMemoryRooms, type MemoryRooms } from "../signaling/transports/memory.ts";
import { check } from "../streams/check.ts";
import type { Command, MediaHalf, SignalingHalf, Transport } from "../streams/contract.ts";
import { toTrunklineError } from "../streams/errors.ts";
import { isTransport } from "../streams/transport-shape.ts";
import { fakeMedia } from "../testing/fake-media.ts";
import { eventCount, ringTime, sinceAccept, type TimedCall, timeCall } from "./call.ts";
import { timeHop, type WatchedTransport, watchTransport } from "./hop.ts";
import { limits } from "./limits.ts";
import {
  type BenchParts,
  type BenchUser,
  type CheckedOptions,
  checkMeasureOptions,
  checkParts,
  type MeasureOptions,
} from "./options.ts";
import { createPhoneEnd, type PhoneEnd } from "./phone-end.ts";
import { timeDispatch } from "./round-trip.ts";
import { type Summary, summarize } from "./statistics.ts";

/** In ms, but for `events`. */
export interface Measurement {
  /**
   * From the sending of an event until the other user's transport has emitted it: no call can ring sooner. Absent where
   * the transport is inside the halves, out of reach.
   */
  readonly hop?: Summary;
  /** From `place()` until the callee's app is informed of the call. */
  readonly ring: Summary;
  /** From `answer()` until both calls are `connected`. */
  readonly pickUp: Summary;
  /** Matrix events a call, of both sides, from the invite to the hangup. */
  readonly events: Summary;
  /** A command that makes no event, to the caller's engine and back: across the port, where there is one. */
  readonly roundTrip: Summary;
}

const MEMORY_ROOM = "!room:bench.invalid";

/** How many round trips are timed between two calls: one takes too little time to be worth a call. */
const ROUND_TRIPS = 5;

/**
 * Places calls between two phones of these parts, one after the other, in this process or page, and resolves with the
 * samples and what they come to. Rejects with `invalid_option`; `aborted`; the code for which a half does not come
 * online, or a call ends; or `unexpected` where something takes longer than 30 s. However it ends, the halves are closed
 * before.
 */
export async function measure<TStream = unknown>(
  parts: BenchParts<TStream> = {},
  options: MeasureOptions = {},
): Promise<Measurement> {
  checkParts(parts);
  const checked = checkMeasureOptions(options, parts);
  const opened: Opened[] = [];
  try {
    return await run(openSides(parts, checked, opened), checked);
  } catch (thrown) {
    throw toTrunklineError(thrown);
  } finally {
    const closing = Promise.allSettled(opened.map(async (each) => each.close()));
    // Aborted or not: nobody waits for ever for a half that does not close.
    await limits(checked.clock)
      .within("closing", closing)
      .catch(() => {});
  }
}

interface Opened {
  close(): unknown;
}

interface Side {
  readonly end: PhoneEnd;
  readonly signaling: SignalingHalf;
  readonly watched: WatchedTransport;
}

type Sides = { readonly [U in BenchUser]: Side } & {
  /** Where both sides are that have their transport from here; undefined where only the app knows one. */
  readonly memoryRoom: string | undefined;
};

/** Whatever needs closing is in `opened`, also where this throws. */
function openSides<TStream>(
  parts: BenchParts<TStream>,
  { clock, warm }: CheckedOptions,
  opened: Opened[],
): Sides {
  const rooms = createMemoryRooms({ clock });
  const open = (user: BenchUser): Side => {
    // What a function forgets to return is not what is left out: the figures would be of other parts.
    const transport = parts.transport ? parts.transport(user) : inMemory(rooms, user);
    check(isTransport(transport), `transport("${user}")`, "a Transport", transport);
    const watched = watchTransport(transport);
    const signaling = parts.signaling
      ? parts.signaling(user, watched.transport)
      : createEngine({ transport: watched.transport, clock });
    opened.push({ close: () => signaling?.close?.() });
    // A half of streams that nobody sees may be anything.
    const media = parts.media ? parts.media(user) : (fakeMedia({ clock }) as unknown as MediaHalf<TStream>);
    const end = createPhoneEnd(signaling, media, { warm, clock });
    opened.push(end);
    return { end, signaling, watched };
  };
  return {
    caller: open("caller"),
    callee: open("callee"),
    memoryRoom: parts.transport ? undefined : MEMORY_ROOM,
  };
}

function inMemory(rooms: MemoryRooms, user: BenchUser): Transport {
  const userId = `@${user}:bench.invalid`;
  rooms.join(MEMORY_ROOM, userId);
  return rooms.connect({ userId, deviceId: "BENCH" });
}

async function run(sides: Sides, options: CheckedOptions): Promise<Measurement> {
  const { caller, callee, memoryRoom } = sides;
  const { n, clock, signal, onProgress, video, acceptAfter, lasts } = options;
  const limited = limits(clock, signal);
  const online = Promise.all([caller.end.online(), callee.end.online()]);
  const [, { userId: calleeId }] = await limited.within("coming online", online);
  const isRead = caller.watched.isUsed() && callee.watched.isUsed();
  const roomId = options.roomId ?? (isRead && memoryRoom ? memoryRoom : "");
  check(roomId, "roomId", "the room of these halves, which have transports of their own", roomId);
  // A transport of the app's that its halves leave alone is still one to measure; memory would be another's.
  const listening = isRead || memoryRoom ? undefined : callee.watched.transport.batches$.subscribe();
  const pair = { caller: caller.end, callee: callee.end, roomId, calleeId };
  const hops: number[] = [];
  const roundTrips: number[] = [];
  const calls: TimedCall[] = [];
  try {
    // One of each goes before and does not count.
    for (let done = -1; done < n; ) {
      if (isRead || listening) {
        hops.push(await limited.within("a hop", timeHop(caller.watched, callee.watched, roomId, clock)));
      }
      for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
        const path: Command = { type: "path", roomId, callId: "bench", alive: true };
        roundTrips.push(await limited.within("a round trip", timeDispatch(caller.signaling, path, clock)));
      }
      calls.push(await timeCall(pair, { video, accept: acceptAfter, lasts }, limited));
      done += 1;
      onProgress({ done, n });
    }
  } finally {
    listening?.unsubscribe();
  }
  const counted = calls.slice(1);
  return {
    ...(hops.length > 0 && { hop: summarize(hops.slice(1)) }),
    ring: summarize(counted.map(ringTime)),
    pickUp: summarize(counted.map((call) => sinceAccept(call, "connected"))),
    events: summarize(counted.map(eventCount)),
    roundTrip: summarize(roundTrips.slice(ROUND_TRIPS)),
  };
}
