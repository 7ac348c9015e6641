import type { Subscription } from "rxjs";
import type { Clock, Signal } from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";
import { HubLink, type Streams } from "./hub-link.ts";
import { coalesce, later } from "./hub-signals.ts";

/** How many signals wait for a tab before those that say nothing new are dropped (P44). */
const MAX_WAITING = 256;

interface Sent {
  readonly number: number;
  readonly signal: Signal;
  readonly at: number;
}

/**
 * A tab as the hub knows it, over all the connections that it makes. A signal is kept until the tab has given its receipt,
 * for what was sent on a connection that is lost may not have been received: the next one begins with it.
 */
export class HubTab {
  readonly #hub: string;
  readonly #clock: Clock;
  readonly #engine: Streams;
  readonly #watching: Subscription;
  #link: HubLink | undefined;
  #listens = false;
  #count = 0;
  #unreceived: readonly Sent[] = [];
  /** Set when it goes; resolves when its calls have been hung up. */
  leaving: Promise<void> | undefined;

  /** `hub` tells its receipts from another's. `watching` ends with the tab. */
  constructor(hub: string, engine: Streams, watching: Subscription, clock: Clock) {
    this.#hub = hub;
    this.#clock = clock;
    this.#engine = engine;
    this.#watching = watching;
  }

  /** A new connection, in place of any other. `enter` is called when it begins to listen. */
  connect(admission: Promise<void>, enter: () => void): HubLink {
    this.#lose();
    const link: HubLink = new HubLink(() => {
      const begin = () => {
        if (this.#link !== link || link.closed) return;
        this.#listens = true;
        for (const sent of this.#unreceived) this.#send(sent);
        enter();
      };
      admission.then(begin, () => {}); // told by `end`
    });
    this.#link = link;
    admission.then(
      () => link.follow(this.#engine),
      () => {},
    );
    return link;
  }

  /** This connection is gone; the tab may come back. */
  lose(link: HubLink): void {
    if (this.#link === link) this.#lose();
  }

  tell(signal: Signal): void {
    this.#count += 1;
    const sent = { number: this.#count, signal, at: this.#clock.now() };
    this.#unreceived = [...this.#unreceived, sent];
    if (this.#unreceived.length > MAX_WAITING)
      this.#unreceived = this.#unreceived.reduce<readonly Sent[]>(coalesce, []).slice(-MAX_WAITING);
    if (this.#listens) this.#send(sent);
  }

  /** The tab has received the signal of this receipt, and those before it. */
  received(receipt: string): void {
    const number = Number.parseInt(receipt, 10);
    if (receipt === this.#receipt(number))
      this.#unreceived = this.#unreceived.filter((sent) => sent.number > number);
  }

  end(error?: TrunklineError): void {
    this.#watching.unsubscribe();
    this.#link?.end(error);
  }

  #send({ number, signal, at }: Sent): void {
    this.#link?.tell({ signal: later(signal, this.#clock.now() - at), receipt: this.#receipt(number) });
  }

  #receipt(number: number): string {
    return `${number} ${this.#hub}`;
  }

  #lose(): void {
    this.#link?.lose();
    this.#link = undefined;
    this.#listens = false;
  }
}
