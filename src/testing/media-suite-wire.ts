import { filter, firstValueFrom, ReplaySubject, skip } from "rxjs";
import type { Description, MediaSession, SessionDescription } from "../streams/contract.ts";
import { within } from "./assert.ts";

/** Whether the end marker is inside a description (P24). */
export function endsInside({ description }: SessionDescription): boolean {
  return description.sdp.includes("a=end-of-candidates");
}

/** Signalling between two sessions: what each says reaches the other, in order, at once or when it is let through. */
export class Wire {
  /** The types of the descriptions that were said. */
  readonly said$ = new ReplaySubject<Description["type"]>();
  readonly #gathered$ = new ReplaySubject<MediaSession>();
  readonly #failures: unknown[] = [];
  #held: (() => void)[] | undefined;

  /** Notes what a session says first, if all its candidates are inside. */
  note(from: MediaSession, said: SessionDescription): void {
    if (endsInside(said)) this.#gathered$.next(from);
  }

  connect(from: MediaSession, to: MediaSession): void {
    from.negotiations$.subscribe((said) => {
      this.#pass(() => to.negotiate(said).catch((thrown: unknown) => this.#failures.push(thrown)));
      this.said$.next(said.description.type);
      this.note(from, said);
    });
    from.candidates$.subscribe((candidate) => {
      this.#pass(() => to.addCandidates([candidate]));
      if (candidate.candidate === "") this.#gathered$.next(from);
    });
  }

  /** Resolves when what both do at once has led to an offer of each, none of which has reached the other. */
  async cross(both: () => Promise<unknown>): Promise<void> {
    this.#held = [];
    const offered = firstValueFrom(
      this.said$.pipe(
        skip(this.count),
        filter((type) => type === "offer"),
        skip(1),
      ),
    );
    await both();
    await within(offered, "an offer from each side");
    // What is said meanwhile goes behind what was said before.
    for (let pass = this.#held.shift(); pass; pass = this.#held.shift()) pass();
    this.#held = undefined;
  }

  /** Resolves when this session has marked the end of its nth gathering. */
  async gathered(session: MediaSession, nth: number): Promise<void> {
    const ends$ = this.#gathered$.pipe(
      filter((from) => from === session),
      skip(nth - 1),
    );
    await within(firstValueFrom(ends$), `the end of gathering ${nth}`);
  }

  /** How many descriptions were said so far. */
  get count(): number {
    let count = 0;
    this.said$.subscribe(() => count++).unsubscribe();
    return count;
  }

  /** Throws unless every description could be used. */
  check(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #pass(deliver: () => void): void {
    if (this.#held) this.#held.push(deliver);
    else deliver();
  }
}
