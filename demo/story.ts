import { map, merge, type Observable, scan } from "rxjs";
import type { CallTrace } from "trunkline";
import type { Side, Told } from "./ladder.ts";

/** The story of the latest call, as both phones tell it; emits it whole with each line that comes. */
export function storyOf(traces: Readonly<Record<Side, Observable<CallTrace>>>): Observable<readonly Told[]> {
  const tell = (side: Side) => traces[side].pipe(map(({ callId, entry }) => ({ callId, side, entry })));
  const calls: string[] = [];
  return merge(tell("alice"), tell("bob")).pipe(
    scan<{ callId: string } & Told, readonly Told[]>((told, { callId, ...line }) => {
      if (calls.at(-1) === callId) return [...told, line];
      // The last words on a call that another has followed.
      if (calls.includes(callId)) return told;
      calls.push(callId);
      return [line];
    }, []),
  );
}
