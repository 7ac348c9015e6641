import { filter, firstValueFrom, type Observable, race, Subject, takeUntil, timer } from "rxjs";
import { realClock } from "../streams/clock.ts";
import type { Candidate } from "../streams/contract.ts";

/**
 * How long a description waits, in ms, for a candidate kind that may never come: a TURN server can be out of reach,
 * and a public address has no server-reflexive twin. Browsers built on libwebrtc ask TURN servers 50 ms after the
 * start, so this leaves a near one 50 ms for its two round trips. Who answers later costs one more event; a longer wait
 * would cost every such call the difference before the peer's phone rings (P23).
 */
const DEADLINE = 100;

/**
 * How much longer, in ms, it waits for the end of the gathering, which then needs no event of its own (P24). Firefox
 * tells of it 1 ms after the last candidate, Chromium within 4 ms where it gathered ahead; else Chromium takes 120 ms,
 * for candidates of TCP that no call of two browsers can use, and those are not worth a later ring.
 */
const END_WITHIN = 5;

const END = "a=end-of-candidates";

export type CandidateType = "host" | "srflx" | "relay";

/**
 * The kind that these servers let us expect last; a candidate of it means that the earlier kinds are there. Host
 * addresses are known at once, a STUN server answers in one round trip, and a TURN server tells the reflexive address
 * on the way to the relayed one.
 */
export function lastTypeOf(urls: readonly string[], policy?: RTCIceTransportPolicy): CandidateType {
  const offers = (scheme: string) => urls.some((url) => url.startsWith(scheme));
  if (policy === "relay" || offers("turn")) return "relay";
  return offers("stun") ? "srflx" : "host";
}

/** A candidate's identity: two texts of one candidate differ in the extensions that follow its type. */
function keyOf(candidate: string): string {
  return candidate.split(" ").slice(0, 8).join(" ");
}

function typeOf(candidate: string): string | undefined {
  return candidate.split(" ")[7];
}

/**
 * Our candidates, of one gathering after another: ICE restarts gather anew. Those found before a description is taken
 * are held back and go inside it, the rest go out one by one, none by both ways (P23); the end marker is always the
 * last of its gathering (P24, P35): inside a description that is taken when all have been found, else by itself.
 */
export class Gathering {
  /** The kind that is expected last: other servers may promise another. */
  lastType: CandidateType = "host";
  /** Emits candidates that no description held. */
  readonly candidates$ = new Subject<Candidate>();
  readonly #found$ = new Subject<Candidate>();
  readonly #described = new Set<string>();
  readonly #closed$: Observable<void>;
  #credentials = "";
  #enough = false;
  /** Whether the end of this gathering was told inside a description. */
  #endTold = false;
  #held: Candidate[] | undefined = [];
  #last = { sdpMid: "0", sdpMLineIndex: 0 };

  constructor(found$: Observable<RTCIceCandidate | null>, closed$: Observable<void>) {
    this.#closed$ = closed$;
    found$.subscribe((found) => this.#find(found));
  }

  /** Holds candidates back from here on, for the description that is to be made. */
  begin(): void {
    this.#held ??= [];
    this.#enough = false;
  }

  /** Resolves when this SDP of ours is worth sending: at once, unless it begins a gathering. */
  async worthSending(sdp: string): Promise<void> {
    if (credentialsOf(sdp) === this.#credentials) return;
    await this.#until(() => this.#enough, DEADLINE);
    if (this.#enough) await this.#until(() => this.#over, END_WITHIN);
  }

  /** The SDP as it goes out: where all have been found, it says so (P24). */
  describe(sdp: string): string {
    const credentials = credentialsOf(sdp);
    if (credentials !== this.#credentials) {
      this.#described.clear();
      this.#endTold = false;
    }
    this.#credentials = credentials;
    const told = this.#over ? withEnd(sdp) : sdp;
    this.#endTold ||= told.includes(END);
    for (const line of told.split("\r\n")) {
      if (line.startsWith("a=candidate:")) this.#described.add(keyOf(line.slice(2)));
    }
    return told;
  }

  /** Lets go of the candidates that the description did not hold. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const candidate of held) this.#emit(candidate);
  }

  /** Whether the end is among what is held back. */
  get #over(): boolean {
    return this.#held?.some(({ candidate }) => candidate === "") ?? false;
  }

  async #until(is: () => boolean, within: number): Promise<void> {
    if (is()) return;
    const late$ = race(timer(within, realClock), this.#closed$);
    await firstValueFrom(this.#found$.pipe(filter(is), takeUntil(late$)), { defaultValue: undefined });
  }

  #find(found: RTCIceCandidate | null): void {
    // Some browsers also mark the end of each generation with an empty text; `null` is the end of them all.
    if (found?.candidate === "") return;
    if (found) {
      this.#last = {
        sdpMid: found.sdpMid ?? this.#last.sdpMid,
        sdpMLineIndex: found.sdpMLineIndex ?? this.#last.sdpMLineIndex,
      };
    }
    const candidate = { candidate: found?.candidate ?? "", ...this.#last };
    if (this.#held) this.#held.push(candidate);
    else this.#emit(candidate);
    this.#enough ||= !found || typeOf(candidate.candidate) === this.lastType;
    this.#found$.next(candidate);
  }

  #emit(candidate: Candidate): void {
    const told = candidate.candidate === "" ? this.#endTold : this.#described.has(keyOf(candidate.candidate));
    if (!told) this.candidates$.next(candidate);
  }
}

/** The SDP with the end marker after the last candidate of each section that has any. */
function withEnd(sdp: string): string {
  const lines = sdp.split("\r\n");
  if (lines.includes(END)) return sdp;
  const isCandidate = (line: string | undefined) => line?.startsWith("a=candidate:") ?? false;
  return lines
    .flatMap((line, index) => (isCandidate(line) && !isCandidate(lines[index + 1]) ? [line, END] : [line]))
    .join("\r\n");
}

/** What an ICE restart changes. */
export function credentialsOf(sdp: string): string {
  return sdp.split("\r\n").find((line) => line.startsWith("a=ice-ufrag:")) ?? "";
}
