import { Subscription } from "rxjs";
import type { CallRef, Candidate, Command, MediaSession, StreamInfo } from "../streams/contract.ts";
import type { CallParts } from "./call-parts.ts";

/** A command of a call, without the names of the call. */
export type Say = Command extends infer C ? (C extends Command ? Omit<C, keyof CallRef> : never) : never;

/** What a call says to its peer, by way of the engine: descriptions first, and what belongs to them after. */
export class Voice {
  readonly #dispatch: CallParts<unknown>["dispatch"];
  readonly #session: MediaSession;
  readonly #life = new Subscription();
  #ref: CallRef;
  /** Candidates of a description that has not been said yet. */
  #waiting: Candidate[] | undefined = [];
  #streams: readonly StreamInfo[] = [];
  /** What the peer was told of our streams last. */
  #told: readonly StreamInfo[] = [];

  constructor(ref: CallRef, session: MediaSession, dispatch: CallParts<unknown>["dispatch"]) {
    this.#ref = ref;
    this.#session = session;
    this.#dispatch = dispatch;
  }

  /** Settles as `SignalingHalf.dispatch` does. */
  say(command: Say): Promise<void> {
    const { roomId, callId } = this.#ref;
    // When the call is over, only its last word is worth another try.
    const wanted = () => !this.#life.closed || command.type === "hangup" || command.type === "reject";
    return this.#dispatch({ roomId, callId, ...command } as Command, wanted);
  }

  /** Says what the call can do without: if it cannot be sent, the call goes on. */
  mention(command: Say): void {
    this.say(command).catch(() => {});
  }

  /** Says the first description; candidates and changes of our streams follow it, in order. */
  describe(command: Extract<Say, { type: "invite" | "answer" }>): Promise<void> {
    const said = this.say(command);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const candidate of waiting) this.mention({ type: "candidate", candidate });
    this.#tell(command.streams);
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
      localStreams$.subscribe((streams) => {
        this.#streams = streams.map(plain);
        if (!this.#waiting) this.#tell(this.#told);
      }),
    );
    this.#life.add(
      negotiations$.subscribe((description) => {
        this.mention({ type: "negotiate", ...description });
        this.#tell(description.streams);
      }),
    );
  }

  /** From now on it speaks for another call (P21), of which nothing has been said yet. */
  speakFor(ref: CallRef): void {
    this.#ref = ref;
    this.#waiting = [];
  }

  close(): void {
    this.#life.unsubscribe();
  }

  /** Tells of flags that have changed since `told`. Streams that come or go are told by a description (P25). */
  #tell(told: readonly StreamInfo[] = []): void {
    this.#told = told;
    const same = (list: (streams: readonly StreamInfo[]) => unknown) =>
      JSON.stringify(list(told)) === JSON.stringify(list(this.#streams));
    if (!same((streams) => streams.map(({ id }) => id)) || same((streams) => streams.map(plain))) return;
    this.#told = this.#streams;
    this.mention({ type: "streams", streams: this.#streams });
  }
}

const plain = ({ id, purpose, audioMuted, videoMuted }: StreamInfo): StreamInfo => ({
  id,
  purpose,
  audioMuted,
  videoMuted,
});
