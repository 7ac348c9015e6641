import type { Candidate } from "../streams/contract.ts";

/** How many of the peer's candidates are kept before they can be used (P44); a call seldom has more than 70. */
const MOST_KEPT = 256;

type Use = (candidate: RTCIceCandidateInit) => Promise<void>;

/** The peer's candidates: unused while the peer's description is awaited or waits, used as they come from then on. */
export class RemoteCandidates {
  /** The used ones too: another connection may take the place of the one that used them. */
  readonly #kept: Candidate[] = [];
  #used = 0;
  #use: Use | undefined;
  /** How many descriptions wait to be set: candidates that follow one may belong to it. */
  #waiting = 0;

  add(candidates: readonly Candidate[]): void {
    for (const candidate of candidates.filter(leadsSomewhere)) {
      if (this.#kept.length === MOST_KEPT && this.#used > 0) {
        this.#kept.shift();
        this.#used--;
      }
      if (this.#kept.length < MOST_KEPT) this.#kept.push(candidate);
      this.#flush();
    }
  }

  /** The connection that used them was given up: the next one uses them from the first on. */
  rewind(): void {
    this.#use = undefined;
    this.#used = 0;
  }

  /** Uses what was kept, in order, and all that comes after it. */
  useBy(use: Use): void {
    this.#use = use;
    this.#flush();
  }

  /** Keeps candidates until the work on the description before them is done. */
  async after<T>(description: Promise<T>): Promise<T> {
    this.#waiting++;
    try {
      return await description;
    } finally {
      this.#waiting--;
      this.#flush();
    }
  }

  #flush(): void {
    if (!this.#use || this.#waiting > 0) return;
    while (this.#used < this.#kept.length) this.#pass(this.#kept[this.#used++] as Candidate, this.#use);
  }

  /** One bad candidate must not cost the call the good ones, so its refusal is passed over. */
  async #pass(candidate: Candidate, use: Use): Promise<void> {
    try {
      await use(placed(candidate));
    } catch {
      // The peer's mistake, or of an offer that gave way; the path state tells whether the others were enough.
    }
  }
}

/**
 * Not so a TCP candidate that only calls (RFC 6544): no browser could call it back. They are half of what a Chromium
 * finds, and handing one over holds the main thread up, for 0.2 to 3 ms, just when the answer leaves.
 */
function leadsSomewhere({ candidate }: Candidate): boolean {
  return !candidate.includes(" tcptype active");
}

/** The candidate with its place. Some clients leave `sdpMid` empty and mean the index. */
export function placed({ candidate, sdpMid, sdpMLineIndex }: Candidate): RTCIceCandidateInit {
  return {
    candidate,
    ...(sdpMid && { sdpMid }),
    ...(sdpMLineIndex !== undefined && { sdpMLineIndex }),
  };
}
