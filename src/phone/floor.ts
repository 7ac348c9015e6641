import type { MediaSession } from "../streams/contract.ts";

type Holdable = Pick<MediaSession, "hold">;

/**
 * At most one call sends the microphone (P47): of all calls that are placed or accepted, the one that has the floor is
 * not on hold, and every other is. It passes to whichever is placed, accepted or resumed; never by what a peer does.
 */
export class Floor {
  #holder: Holdable | undefined;

  get isFree(): boolean {
    return this.#holder === undefined;
  }

  /** The previous call is on hold first; whoever observes that may already give the floor to another. */
  take(session: Holdable): void {
    const previous = this.#holder;
    this.#holder = session;
    if (previous !== session) previous?.hold(true);
    if (this.#holder === session) session.hold(false);
  }

  /** Puts a call on hold; nobody else takes the floor for it. Whoever observes that may already resume it. */
  yield(session: Holdable): void {
    this.drop(session);
    session.hold(true);
  }

  /** For a call that has ended, or rings again. */
  drop(session: Holdable): void {
    if (this.#holder === session) this.#holder = undefined;
  }
}
