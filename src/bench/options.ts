import { check, isObject } from "../streams/check.ts";
import { realClock } from "../streams/clock.ts";
import type { Clock, MediaHalf, SignalingHalf, Transport } from "../streams/contract.ts";

/** The two users of a call. */
export type BenchUser = "caller" | "callee";

/**
 * What is measured: a part a user, made anew by each `measure()`, which closes the halves. A part that is left out is
 * memory, an engine on this thread, or no media: so two runs that differ in one part compare that part.
 */
export interface BenchParts<TStream = unknown> {
  /** Default: rooms in memory, without latency. */
  readonly transport?: (user: BenchUser) => Transport;
  /**
   * Default: `createEngine({ transport })`. A half with a transport of its own, such as `spawnSignaling(login)`, leaves
   * the one it is given alone.
   */
  readonly signaling?: (user: BenchUser, transport: Transport) => SignalingHalf;
  /** Default: `fakeMedia()`. */
  readonly media?: (user: BenchUser) => MediaHalf<TStream>;
}

export interface MeasureOptions {
  /** How many calls, and how many hops: a sample of each a call. One more goes before and does not count. Default 10. */
  readonly n?: number;
  /** A room that both users have joined. Needed with a transport, or halves, of your own. */
  readonly roomId?: string;
  /** Video calls instead of voice calls. Default false. */
  readonly video?: boolean;
  /** As of `createPhone`. Default false. */
  readonly warm?: boolean;
  /** How long it rings before the callee accepts, in ms. Default 300. */
  readonly acceptAfter?: number;
  /**
   * How long a call goes on once both are connected, in ms: what is sent meanwhile counts as its events. Default 500,
   * which is enough for the candidates of a browser without a TURN server.
   */
  readonly lasts?: number;
  /** Ends the measurement, which rejects with `aborted`, and closes the halves. */
  readonly signal?: AbortSignal;
  /** Called before the first call, with 0, and after each. What it throws ends the measurement. */
  readonly onProgress?: (progress: BenchProgress) => void;
  /** Default: real time. */
  readonly clock?: Clock;
}

export interface BenchProgress {
  /** Calls that count and are over. */
  readonly done: number;
  /** Out of so many. */
  readonly n: number;
}

export interface CheckedOptions {
  readonly n: number;
  readonly roomId: string | undefined;
  readonly video: boolean;
  readonly warm: boolean;
  readonly acceptAfter: number;
  readonly lasts: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: BenchProgress) => void;
  readonly clock: Clock;
}

const MAX_N = 100_000;
/** Ringing and talking both fit into the time that a call is given. */
const MAX_MS = 10_000;

/** Throws `invalid_option`, naming the option and what it should be. */
export function checkParts(parts: BenchParts): void {
  check(isObject(parts), "parts", "an object, such as { transport: (user) => … }", parts);
  for (const name of ["transport", "signaling", "media"] as const) {
    const part = parts[name];
    check(
      part === undefined || typeof part === "function",
      name,
      "a function that makes one for a user: it is called once for each of the two",
      part,
    );
  }
}

/** The options with their defaults. Throws as `checkParts`. */
export function checkMeasureOptions(options: MeasureOptions, parts: BenchParts): CheckedOptions {
  check(isObject(options), "options", "an object, such as { n: 20 }", options);
  const { n = 10, roomId, video = false, warm = false, acceptAfter = 300, lasts = 500 } = options;
  const { signal, onProgress = () => {}, clock = realClock } = options;
  check(Number.isInteger(n) && n >= 1 && n <= MAX_N, "n", `a whole number from 1 to ${MAX_N}`, n);
  for (const [name, ms] of Object.entries({ acceptAfter, lasts })) {
    const fits = typeof ms === "number" && ms >= 0 && ms <= MAX_MS;
    check(fits, name, `a number of ms from 0 to ${MAX_MS}`, ms);
  }
  for (const [name, flag] of Object.entries({ video, warm })) {
    check(typeof flag === "boolean", name, "true or false", flag);
  }
  const isRoom = typeof roomId === "string" && roomId.length > 1 && roomId.startsWith("!");
  check(
    isRoom || (roomId === undefined && !parts.transport),
    "roomId",
    'a room that both users have joined, such as "!abc:example.org"',
    roomId,
  );
  check(!signal || typeof signal.addEventListener === "function", "signal", "an AbortSignal", signal);
  check(typeof onProgress === "function", "onProgress", "a function", onProgress);
  check(typeof clock?.schedule === "function", "clock", "a Clock", clock);
  return { n, roomId, video, warm, acceptAfter, lasts, signal, onProgress, clock };
}
