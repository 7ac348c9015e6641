/** Makes a page with a phone in it answer the benchmark. */
import type { AnswerOptions, BenchPage, PlaceOptions, StartOptions } from "./bench-page.ts";
import { watchConnections } from "./connections.ts";
import type { Sending } from "./requests.ts";
import { begin, count, mark, reaches, sent, told } from "./story.ts";

/** A call of either make. */
export interface SomeCall {
  answer(video: boolean): void;
  hangup(): void;
  readonly ended: Promise<unknown>;
}

/** A phone of either make. */
export interface SomePhone {
  /** Resolves once it is online; `rings` is called as an app is told of a call. */
  start(options: StartOptions, rings: (call: SomeCall) => void): Promise<void>;
  place(options: PlaceOptions): SomeCall;
}

export function noteRequest({ id, message, lastCandidate, at, done }: Sending): void {
  mark(`${message} ${done ? "acknowledged" : "sent"}`, at);
  if (!done) return;
  count(id, message);
  if (lastCandidate) mark("all candidates sent", at);
}

export function benchPage(phone: SomePhone): BenchPage {
  let expected: AnswerOptions | undefined;
  let present: SomeCall | undefined;

  const keep = (call: SomeCall) => {
    present = call;
    void call.ended.then(() => present === call && mark("ended"));
  };

  const ring = (call: SomeCall) => {
    mark("ringing");
    keep(call);
    const answer = expected;
    if (!answer) return;
    setTimeout(() => {
      mark("accept");
      call.answer(answer.video);
    }, answer.after);
  };

  return {
    async start(options) {
      watchConnections(options.slowGathering);
      await phone.start(options, ring);
    },
    expect(answer) {
      expected = answer;
      present = undefined;
      begin();
    },
    place(options) {
      mark("place");
      keep(phone.place(options));
    },
    reaches,
    hangup: () => present?.hangup(),
    moments: told,
    sent,
  };
}
