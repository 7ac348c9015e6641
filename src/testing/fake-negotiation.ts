import type { Description } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { FakeSdp, FakeSection } from "./fake-sdp.ts";

/** What a fake session would have the peer know. */
export interface FakeWish {
  readonly sections: readonly FakeSection[];
  readonly held: boolean;
  readonly application: boolean;
  readonly generation: number;
}

/** Who offered what and what is agreed on, between two fake sessions (P20). */
export class FakeNegotiation {
  /** Whether we answered the call: then of two offers that cross, ours gives way. */
  polite = false;
  #agreed: FakeWish | undefined;
  #pending: FakeWish | undefined;
  #theirs: FakeSdp | undefined;
  #offers = 0;
  /** Whether an offer was taken back, of which the peer may know or not. */
  #unsure = false;
  /** The offer of the peer that we answer, and whether its answers name what they answer. */
  #theirOffer: string | undefined;
  #named = false;

  /** Whether the first offer has been answered. */
  get begun(): boolean {
    return this.#agreed !== undefined;
  }

  /** The peer's description in force. */
  get theirs(): FakeSdp | undefined {
    return this.#theirs;
  }

  /** Whether the peer should hear of this, and now is the time. */
  needs(wish: FakeWish): boolean {
    if (!this.begun || this.#pending) return false;
    return this.#unsure || JSON.stringify(wish) !== JSON.stringify(this.#agreed);
  }

  /** Whether our first offer waits for its answer. */
  get awaited(): boolean {
    return !this.begun && this.#pending !== undefined;
  }

  /** Whether this kind of our microphone or camera may be sent as things are. */
  isAgreed(kind: FakeSection["kind"]): boolean {
    const isOurs = ({ kind: each, streamId }: FakeSection) =>
      each === kind && streamId?.endsWith("m.usermedia");
    return this.#agreed?.sections.some(isOurs) ?? false;
  }

  /** The sections of our offer that waits for its answer. */
  get offered(): readonly FakeSection[] {
    return this.#pending?.sections ?? [];
  }

  /** What names a description of ours. */
  nameOf(type: Description["type"]): string | undefined {
    return type === "offer" ? String(this.#offers) : this.#theirOffer;
  }

  /** Takes the name of the peer's description that was applied. */
  read(type: Description["type"], name: string | undefined): void {
    this.#named = name !== undefined;
    if (type === "offer") this.#theirOffer = name;
  }

  /** Whether an answer is to an offer that was taken back. */
  isLate(name: string | undefined): boolean {
    return this.#named && name !== String(this.#offers);
  }

  /** Whether an offer that waits for its answer can be taken back, and its answer told from the next one's. */
  get replaceable(): boolean {
    return this.begun && this.#named;
  }

  offer(wish: FakeWish): readonly FakeSection[] {
    this.#offers++;
    this.#unsure = false;
    this.#pending = wish;
    return this.#all(wish);
  }

  /** What to do with the peer's description: see the contract's `negotiate()`. Throws `media_failed`. */
  judge(type: Description["type"]): "take" | "ignore" {
    if (type === "answer" && !this.#pending) {
      throw new TrunklineError("media_failed", "The peer's answer cannot be used: nothing waits for it.");
    }
    return type === "offer" && this.#pending && !this.polite ? "ignore" : "take";
  }

  /** Our offer is taken back: another is needed. */
  rollBack(): void {
    this.#unsure ||= this.#pending !== undefined;
    this.#pending = undefined;
  }

  accept(theirs: FakeSdp): void {
    this.#agreed = this.#pending;
    this.#pending = undefined;
    this.#theirs = theirs;
  }

  /** Answers an offer as far as it has room; what is left out is offered later. */
  answer(theirs: FakeSdp, wish: FakeWish): readonly FakeSection[] {
    const said = this.#agreed?.sections ?? [];
    const room = (section: FakeSection) =>
      said.some(({ kind, streamId }) => kind === section.kind && streamId === section.streamId) ||
      (!section.streamId?.endsWith("m.screenshare") &&
        theirs.sections.some(({ kind }) => kind === section.kind));
    this.#theirs = theirs;
    this.#pending = undefined;
    this.#unsure = false;
    const { application } = theirs;
    this.#agreed = {
      ...wish,
      sections: wish.sections.filter(room),
      application: wish.application && application,
    };
    return this.#all(this.#agreed);
  }

  /** With a section for each kind that only the peer has; a screen of ours receives nothing. */
  #all({ sections, held }: FakeWish): readonly FakeSection[] {
    const kinds = new Set(this.#theirs?.sections.map(({ kind }) => kind));
    for (const { kind, streamId } of sections) {
      if (!streamId?.endsWith("m.screenshare")) kinds.delete(kind);
    }
    return [
      ...sections,
      ...[...kinds].map((kind): FakeSection => ({ kind, direction: held ? "inactive" : "recvonly" })),
    ];
  }
}
