import type { Subscription } from "rxjs";
import type { Signal } from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";
import { HubLink, type Streams } from "./hub-link.ts";

/** How many signals wait for a tab that has lost its connection. */
const MAX_WAITING = 256;

/** A tab as the hub knows it, over all the connections that it makes: what it is told meanwhile waits for it. */
export class HubTab {
  readonly #engine: Streams;
  readonly #watching: Subscription;
  #link: HubLink | undefined;
  /** Absent while it listens. */
  #waiting: Signal[] | undefined = [];
  /** Set when it goes; resolves when its calls have been hung up. */
  leaving: Promise<void> | undefined;

  /** Tells the tab of what the engine says to all. `watching` ends with it. */
  constructor(engine: Streams, watching: Subscription) {
    this.#engine = engine;
    this.#watching = watching;
  }

  /** A new connection, in place of any other. `enter` is called when it begins to listen. */
  connect(admission: Promise<void>, enter: () => void): HubLink {
    this.#lose();
    const link: HubLink = new HubLink(() => {
      const begin = () => {
        if (this.#link !== link || link.closed) return;
        const waiting = this.#waiting ?? [];
        this.#waiting = undefined;
        for (const signal of waiting) link.tell(signal);
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
    if (!this.#waiting) this.#link?.tell(signal);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(signal);
  }

  end(error?: TrunklineError): void {
    this.#watching.unsubscribe();
    this.#link?.end(error);
  }

  #lose(): void {
    this.#link?.lose();
    this.#link = undefined;
    this.#waiting ??= [];
  }
}
