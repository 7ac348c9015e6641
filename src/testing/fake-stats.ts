import {
  distinctUntilChanged,
  EMPTY,
  endWith,
  ignoreElements,
  interval,
  map,
  type Observable,
  share,
  switchMap,
  takeUntil,
} from "rxjs";
import type { CallStats, Clock, Flow, PathState } from "../streams/contract.ts";
import type { Kind } from "./fake-streams.ts";

const PERIOD = 1_000;
const FLOWS: Record<Kind, Flow> = {
  audio: { bitrate: 32_000, loss: 0, jitter: 2, codec: "opus" },
  video: { bitrate: 1_000_000, loss: 0, jitter: 2, codec: "VP8" },
};

/** Which kinds flow, each way. */
export interface Flowing {
  readonly sent: readonly Kind[];
  readonly received: readonly Kind[];
}

/**
 * Made-up statistics, every 1,000 ms of the clock while the path is connected or disconnected: a round trip of 40 ms;
 * audio at 32 kbit/s and video at 1 Mbit/s for each kind that flows, nothing lost; a direct path; a score of 4.4 where
 * audio comes in. While the path is disconnected everything is lost, and there is no score.
 */
export function fakeStats(
  path$: Observable<PathState>,
  flowing: () => Flowing,
  clock: Clock,
): Observable<CallStats> {
  return path$.pipe(
    map((state) => (state === "connected" || state === "disconnected" ? state : undefined)),
    distinctUntilChanged(),
    switchMap((state) =>
      state
        ? interval(PERIOD, clock).pipe(map(() => statsOf(clock.now(), flowing(), state === "connected")))
        : EMPTY,
    ),
    takeUntil(path$.pipe(ignoreElements(), endWith(undefined))),
    share(),
  );
}

function statsOf(at: number, { sent, received }: Flowing, connected: boolean): CallStats {
  const flows = (kinds: readonly Kind[]) =>
    Object.fromEntries(
      kinds.map((kind) => [kind, connected ? FLOWS[kind] : { ...FLOWS[kind], bitrate: 0, loss: 1 }]),
    );
  return {
    at,
    roundTrip: 40,
    sent: flows(sent),
    received: flows(received),
    path: { local: "host", remote: "host", protocol: "udp", relayed: false },
    ...(connected && received.includes("audio") && { score: 4.4 }),
  };
}
