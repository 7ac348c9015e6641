import { Subscription, timer } from "rxjs";
import type { Candidate, Clock, Milestone, MilestoneName, PathState } from "../streams/contract.ts";
import { Latest } from "../streams/latest.ts";
import { FakeBuffer } from "./fake-buffer.ts";
import { type FakeSdp, fakeCandidate, ufragOf } from "./fake-sdp.ts";

/** In ms: when the later candidates and the end marker are found, and how long each step of the path takes. */
const TIMES = { candidates: [10, 20], end: 30, ice: 5, dtls: 5, media: 10 } as const;
const MOST_KEPT = 256;

/** Where the sessions of this process find each other. */
const reachable = new Map<string, FakePath>();

export interface FakePathOptions {
  readonly sessionId: string;
  readonly clock: Clock;
  /** Whether a restart that is negotiated brings back a path that was lost. */
  readonly mends: () => boolean;
  /** Whether the peer sends anything. */
  readonly receives: () => boolean;
  readonly onGather: () => void;
}

/** The way from one fake session to another: candidates, the path's state, and the milestones on it. */
export class FakePath {
  readonly state$ = new Latest<PathState>("new");
  readonly #candidates = new FakeBuffer<Candidate>();
  readonly #milestones = new FakeBuffer<Milestone>();
  readonly candidates$ = this.#candidates.stream$;
  readonly milestones$ = this.#milestones.stream$;
  readonly #options: FakePathOptions;
  #timers = new Subscription();
  readonly #reached = new Set<MilestoneName>();
  #lost = false;
  /** Our description in force, and the peer's. */
  #ours: FakeSdp | undefined;
  #theirs: FakeSdp | undefined;
  /** The two gatherings that the path was last made of. */
  #made = "";
  #remoteCandidates: readonly Candidate[] = [];
  #gathering: number | undefined;
  #waiting: string[] | undefined;

  constructor(options: FakePathOptions) {
    this.#options = options;
  }

  /** The path at the other end, once each side has the other's description. */
  get other(): FakePath | undefined {
    const other = this.#theirs && reachable.get(this.#theirs.sessionId);
    return other && other.#theirs?.sessionId === this.#options.sessionId ? other : undefined;
  }

  /** Gathers for a description that is not to go out yet: what is found waits for it. */
  prepare(generation: number): void {
    this.#waiting = [];
    this.#gather(generation);
  }

  /** The candidates that go inside the description that goes out now, and whether those are all. */
  take(generation: number): Pick<FakeSdp, "candidates" | "ended"> {
    this.#gather(generation);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    const first = fakeCandidate(ufragOf({ sessionId: this.#options.sessionId, generation }), 1);
    return {
      candidates: [first, ...waiting.filter((candidate) => candidate !== "")],
      ended: waiting.includes(""),
    };
  }

  /** Takes a description of ours. */
  describe(ours: FakeSdp): void {
    this.#ours = ours;
    reachable.set(this.#options.sessionId, this);
    this.#progress();
  }

  hear(theirs: FakeSdp): void {
    this.#theirs = theirs;
    this.#progress();
  }

  addCandidates(candidates: readonly Candidate[]): void {
    this.#remoteCandidates = [...this.#remoteCandidates, ...candidates].slice(-MOST_KEPT);
    this.#progress();
  }

  move(state: PathState): void {
    if (this.state$.value === state) return;
    if (state === "connected") {
      this.reach("connected");
      if (this.#lost) this.tell("path_back");
      this.#lost = false;
    } else if (!this.#lost && this.#reached.has("connected") && state !== "connecting") {
      this.#lost = true;
      this.tell("path_lost");
    }
    this.state$.next(state);
  }

  /** Notes a milestone, the first time. */
  reach(name: MilestoneName): void {
    if (!this.#reached.has(name)) this.tell(name);
    this.#reached.add(name);
  }

  tell(name: MilestoneName): void {
    this.#milestones.next({ name, at: this.#options.clock.now() });
  }

  /** Forgets what was reached: another call begins. */
  forget(): void {
    this.#reached.clear();
    this.#milestones.clear();
  }

  /** Forgets a description that was given up, and all that came of it. */
  reset(): void {
    this.#timers.unsubscribe();
    this.#timers = new Subscription();
    this.#candidates.clear();
    this.#ours = undefined;
    this.#gathering = undefined;
    this.#waiting = undefined;
    this.move("new");
  }

  close(): void {
    const other = this.other;
    this.#timers.unsubscribe();
    reachable.delete(this.#options.sessionId);
    this.state$.complete();
    this.#candidates.complete();
    this.#milestones.complete();
    other?.move("disconnected");
  }

  #gather(generation: number): void {
    if (generation === this.#gathering) return;
    this.#gathering = generation;
    this.#options.onGather();
    const ufrag = ufragOf({ sessionId: this.#options.sessionId, generation });
    for (const [index, ms] of TIMES.candidates.entries()) {
      this.#after(ms, () => this.#tell(fakeCandidate(ufrag, index + 2)));
    }
    this.#after(TIMES.end, () => this.#tell(""));
  }

  #tell(candidate: string): void {
    if (this.#waiting) this.#waiting.push(candidate);
    else this.#candidates.next({ candidate, sdpMid: "0", sdpMLineIndex: 0 });
  }

  /** Whether it has a candidate of the peer that it can use. */
  get #knowsWay(): boolean {
    const theirs = this.#theirs;
    if (!theirs) return false;
    const usable = ({ candidate, sdpMid, sdpMLineIndex }: Candidate) =>
      candidate.startsWith("candidate:") &&
      candidate.endsWith(` ufrag ${ufragOf(theirs)}`) &&
      (sdpMid || sdpMLineIndex !== undefined);
    return theirs.candidates.length > 0 || this.#remoteCandidates.some(usable);
  }

  #progress(): void {
    if (!this.#ours || !this.#theirs) return;
    const other = this.other;
    const linked = other !== undefined && (this.#knowsWay || other.#knowsWay);
    for (const path of linked ? [this, other] : [this]) path.#connect(linked);
  }

  #connect(linked: boolean): void {
    if (this.state$.value === "new") this.move("connecting");
    const [ours, theirs] = [this.#ours, this.#theirs];
    const both = ours && theirs && `${ours.generation} ${ufragOf(theirs)}`;
    if (!linked || !both || both === this.#made) return;
    const again = this.#made !== "";
    this.#made = both;
    if (again && (this.state$.value === "connected" || !this.#options.mends())) return;
    if (again) this.move("connecting");
    // One after the other: real timers that are due at once need not fire in order.
    this.#after(TIMES.ice, () => {
      this.reach("ice_connected");
      this.#after(TIMES.dtls, () => {
        this.move("connected");
        this.#after(TIMES.media, () => {
          if (this.#options.receives()) this.reach("first_media");
        });
      });
    });
  }

  #after(ms: number, then: () => void): void {
    this.#timers.add(timer(ms, this.#options.clock).subscribe(then));
  }
}
