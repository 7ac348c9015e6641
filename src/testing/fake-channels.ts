import { BehaviorSubject, concat, distinctUntilChanged, type Observable, Subject, timer } from "rxjs";
import type { Channel, Clock } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { FakeBuffer } from "./fake-buffer.ts";

/** How long a message takes, in ms. */
const TRAVEL = 1;

/** A fake session's channels: those asked for wait until the way is open to the peer's. */
export class FakeChannels {
  /** Of the peer, until they close. */
  readonly #theirs = new Set<Channel>();
  readonly #opened$ = new Subject<Channel>();
  readonly theirs$: Observable<Channel> = concat(this.#theirs, this.#opened$);
  readonly #clock: Clock;
  readonly #all: FakeChannel[] = [];
  #waiting: FakeChannel[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there are, or were, any. */
  get used(): boolean {
    return this.#all.length > 0;
  }

  open(label: string): Channel {
    const channel = this.#make(label);
    this.#waiting.push(channel);
    return channel;
  }

  /** Joins what waits to the peer. */
  join(peer: FakeChannels): void {
    const waiting = this.#waiting.filter((channel) => !channel.closed);
    this.#waiting = [];
    for (const ours of waiting) {
      const theirs = peer.#make(ours.label);
      ours.join(theirs);
      theirs.join(ours);
      peer.#theirs.add(theirs);
      theirs.open$.subscribe({ complete: () => peer.#theirs.delete(theirs) });
      peer.#opened$.next(theirs);
    }
  }

  close(): void {
    for (const channel of this.#all) channel.close();
    this.#opened$.complete();
  }

  #make(label: string): FakeChannel {
    const channel = new FakeChannel(label, this.#clock);
    this.#all.push(channel);
    return channel;
  }
}

class FakeChannel implements Channel {
  readonly label: string;
  readonly #messages = new FakeBuffer<string | ArrayBuffer>();
  readonly messages$ = this.#messages.stream$;
  readonly #isOpen = new BehaviorSubject(false);
  readonly open$ = this.#isOpen.pipe(distinctUntilChanged());
  readonly #clock: Clock;
  #peer: FakeChannel | undefined;
  closed = false;

  constructor(label: string, clock: Clock) {
    this.label = label;
    this.#clock = clock;
  }

  join(peer: FakeChannel): void {
    this.#peer = peer;
    this.#isOpen.next(true);
  }

  send(message: string | ArrayBuffer): void {
    if (!this.#isOpen.value) {
      throw new TrunklineError("wrong_state", `The channel ${this.label} is not open: wait for open$.`);
    }
    this.#reach((peer) => peer.#messages.next(message));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#isOpen.next(false);
    this.#isOpen.complete();
    this.#messages.complete();
    this.#reach((peer) => peer.close());
  }

  #reach(act: (peer: FakeChannel) => void): void {
    const peer = this.#peer;
    if (!peer) return;
    timer(TRAVEL, this.#clock).subscribe(() => {
      if (!peer.closed) act(peer);
    });
  }
}
