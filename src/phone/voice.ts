import { distinctUntilChanged, filter, map, type Observable, pairwise, Subscription } from "rxjs";
import type { CallRef, Candidate, Command, MediaSession, StreamInfo } from "../streams/contract.ts";

/** A command of a call, without the names of the call. */
export type Say = Command extends infer C ? (C extends Command ? Omit<C, keyof CallRef> : never) : never;

/** What a call says to its peer, by way of the engine: descriptions first, and what belongs to them after. */
export class Voice {
  readonly #dispatch: (command: Command) => Promise<void>;
  readonly #session: MediaSession;
  readonly #life = new Subscription();
  #ref: CallRef;
  /** Candidates of a description that has not been said yet. */
  #waiting: Candidate[] | undefined = [];

  constructor(ref: CallRef, session: MediaSession, dispatch: (command: Command) => Promise<void>) {
    this.#ref = ref;
    this.#session = session;
    this.#dispatch = dispatch;
  }

  /** Settles as `SignalingHalf.dispatch` does. */
  say(command: Say): Promise<void> {
    const { roomId, callId } = this.#ref;
    return this.#dispatch({ roomId, callId, ...command } as Command);
  }

  /** Says what the call can do without: if it cannot be sent, the call goes on. */
  mention(command: Say): void {
    this.say(command).catch(() => {});
  }

  /** Says the first description; candidates and changes of our streams follow it, in order. */
  describe(command: Extract<Say, { type: "invite" | "answer" }>): Promise<void> {
    const said = this.say(command);
    if (!this.#waiting) return said;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const candidate of waiting) this.mention({ type: "candidate", candidate });
    return said;
  }

  /** Begins to listen to the media half; what it finds waits for the first description. */
  listen(): void {
    const { candidates$, localStreams$, negotiations$ } = this.#session;
    this.#life.add(
      candidates$.subscribe((candidate) => {
        if (this.#waiting) this.#waiting.push(candidate);
        else this.mention({ type: "candidate", candidate });
      }),
    );
    this.#life.add(
      changesOf(localStreams$).subscribe((streams) => {
        if (!this.#waiting) this.mention({ type: "streams", streams });
      }),
    );
    this.#life.add(negotiations$.subscribe((offer) => this.mention({ type: "negotiate", ...offer })));
  }

  /** From now on it speaks for another call (P21), of which nothing has been said yet. */
  speakFor(ref: CallRef): void {
    this.#ref = ref;
    this.#waiting = [];
  }

  close(): void {
    this.#life.unsubscribe();
  }
}

/** Emits when the flags of the same streams change. Streams that come or go are told by a description (P25). */
function changesOf(streams$: Observable<readonly StreamInfo[]>): Observable<readonly StreamInfo[]> {
  const ids = (streams: readonly StreamInfo[]) => streams.map(({ id }) => id).join(" ");
  return streams$.pipe(
    map((streams) => streams.map(plain)),
    distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
    pairwise(),
    filter(([before, now]) => ids(before) === ids(now)),
    map(([, now]) => now),
  );
}

const plain = ({ id, purpose, audioMuted, videoMuted }: StreamInfo): StreamInfo => ({
  id,
  purpose,
  audioMuted,
  videoMuted,
});
