import { timer } from "rxjs";
import type { Clock } from "../streams/contract.ts";
import type { EventCounts, MarkName, Moment, Timeline } from "./timeline.ts";

export interface BenchPlaceOptions {
  readonly roomId: string;
  readonly invitee: string;
  readonly video: boolean;
}

export interface BenchAnswerOptions {
  /** How long the user lets it ring, in ms. */
  readonly after: number;
  readonly video: boolean;
}

/** One end of the calls that are timed, wherever it is: on this thread, or in a page that a driver asks. */
export interface CallEnd {
  /** Forgets the last call. The next one that rings is accepted as said, or left to ring. */
  expect(answer?: BenchAnswerOptions): void;
  place(options: BenchPlaceOptions): void;
  /** Resolves when the present call has reached this; rejects where it ends before. */
  reaches(...names: MarkName[]): Promise<void>;
  hangup(): void;
  /** The first moment of each kind in the present call. */
  moments(): readonly Moment[];
  /** How many events of the present call this end has sent. */
  sent(): EventCounts;
}

/** A call of any make. */
export interface BenchCall {
  answer(video: boolean): void;
  hangup(): void;
  readonly ended: Promise<unknown>;
}

/** An end whose user does as the benchmark says; `ring` is to be called with each call of which the app is informed. */
export function createCallEnd(
  timeline: Timeline,
  place: (options: BenchPlaceOptions) => BenchCall,
  clock: Clock,
): CallEnd & { ring(call: BenchCall): void } {
  let expected: BenchAnswerOptions | undefined;
  let present: BenchCall | undefined;

  const keep = (call: BenchCall) => {
    present = call;
    void call.ended.then(() => present === call && timeline.mark("ended"));
  };

  return {
    ring(call) {
      timeline.mark("ringing");
      keep(call);
      const answer = expected;
      if (!answer) return;
      timer(answer.after, clock).subscribe(() => {
        timeline.mark("accept");
        call.answer(answer.video);
      });
    },
    expect(answer) {
      expected = answer;
      present = undefined;
      timeline.begin();
    },
    place(options) {
      timeline.mark("place");
      keep(place(options));
    },
    reaches: timeline.reaches,
    hangup: () => present?.hangup(),
    moments: timeline.moments,
    sent: timeline.sent,
  };
}
