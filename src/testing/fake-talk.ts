import { Subscription, timer } from "rxjs";
import type {
  Clock,
  Description,
  Held,
  Purpose,
  RemoteDescription,
  SessionDescription,
  StreamInfo,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { Latest } from "../streams/latest.ts";
import { FakeBuffer } from "./fake-buffer.ts";
import type { FakeChannels } from "./fake-channels.ts";
import { FakeNegotiation, type FakeWish } from "./fake-negotiation.ts";
import type { FakePath } from "./fake-path.ts";
import { type FakeSdp, type FakeSection, holds, readSdp, receives, writeSdp } from "./fake-sdp.ts";
import type { Flowing } from "./fake-stats.ts";
import { type FakeOwnStreams, type FakeRemoteStreams, KINDS, type Kind } from "./fake-streams.ts";

/** How long an offer is good for, in ms (P19). */
const LIFETIME = 60_000;

export interface FakeTalkParts {
  readonly clock: Clock;
  readonly sessionId: string;
  readonly own: FakeOwnStreams;
  readonly remote: FakeRemoteStreams;
  readonly path: FakePath;
  readonly channels: FakeChannels;
  /** The peer does not receive our camera, and never has. */
  readonly onUnreceived: () => void;
}

const talks = new Map<FakePath, FakeTalk>();

/** What two fake sessions say to each other: descriptions, the first and those that follow, and what comes of them. */
export class FakeTalk {
  readonly held$ = new Latest<Held>({ us: false, peer: false });
  readonly #negotiations = new FakeBuffer<SessionDescription>();
  readonly negotiations$ = this.#negotiations.stream$;
  readonly #parts: FakeTalkParts;
  #negotiation = new FakeNegotiation();
  #generation = 0;
  #expiry = Subscription.EMPTY;
  /** Whether the peer takes descriptions after the first. */
  #negotiable = true;
  /** Whether the peer has ever received anything, and video. */
  #received = false;
  #receivedVideo = false;
  /** Whether a new path was asked for, and no offer of one has been answered yet. */
  #restarting = false;
  #closed = false;

  constructor(parts: FakeTalkParts) {
    this.#parts = parts;
    talks.set(parts.path, this);
    parts.path.state$.subscribe(() => this.#joinChannels());
  }

  /** Whether the first offer has been answered. */
  get begun(): boolean {
    return this.#negotiation.begun;
  }

  offer(): SessionDescription {
    return this.#say("offer", this.#negotiation.offer(this.#wish));
  }

  /** Reads the first offer, and shows its streams. */
  readOffer(offer: RemoteDescription): FakeSdp {
    const theirs = read("offer", offer);
    this.#negotiable = offer.negotiable ?? true;
    this.#negotiation.read("offer", offer.negotiation);
    this.#parts.remote.describe(offer.streams);
    this.#parts.remote.arrive(theirs, offer.streams);
    return theirs;
  }

  /** Gathers for the answer that is to come; the peer's candidates are not looked at (P45). */
  prepare(): void {
    this.#parts.path.prepare(this.#generation);
  }

  answer(theirs: FakeSdp, streams: readonly StreamInfo[] | undefined): SessionDescription {
    this.#negotiation.polite = true;
    this.#hear(theirs, streams);
    const answer = this.#say("answer", this.#negotiation.answer(theirs, this.#wish));
    this.need();
    return answer;
  }

  accept(answer: RemoteDescription): void {
    const theirs = read("answer", answer);
    this.#negotiation.judge("answer");
    this.#negotiable = answer.negotiable ?? true;
    if (!this.begun) this.#parts.remote.describe(answer.streams);
    this.#negotiation.read("answer", answer.negotiation);
    this.#take(theirs, answer.streams);
  }

  negotiate(description: SessionDescription): void {
    const {
      negotiation,
      description: { type },
    } = description;
    if (!this.begun) {
      throw new TrunklineError("media_failed", "No local offer is pending.");
    }
    if (this.#negotiation.judge(type) === "ignore") return;
    if (type === "answer" && this.#negotiation.isLate(negotiation)) return;
    const theirs = read(type, description);
    // Whoever negotiates has shown that it does.
    this.#negotiable = true;
    this.#negotiation.read(type, negotiation);
    if (type === "answer") this.#take(theirs, description.streams);
    else this.#reply(theirs, description.streams);
  }

  hold(on: boolean): void {
    this.held$.next({ ...this.held$.value, us: on });
    this.need();
  }

  restart(): void {
    this.#generation++;
    this.#restarting = true;
    this.#parts.path.tell("ice_restarted");
    if (this.#negotiation.replaceable) this.#negotiation.rollBack();
    this.need();
  }

  /** Our offer lost to the peer's: it was never made. */
  giveWay(): void {
    this.#negotiation = new FakeNegotiation();
    this.#generation++;
    this.#parts.path.reset();
    this.#parts.path.forget();
  }

  /** What was being prepared is let go. */
  unprepare(): void {
    this.#generation++;
    this.#parts.path.reset();
  }

  /** Offers what the peer should know, once whatever else happens in this turn has happened. */
  async need(): Promise<void> {
    await Promise.resolve();
    this.#joinChannels();
    const may = this.#negotiable || this.#restarting;
    if (!this.#closed && may && this.#negotiation.needs(this.#wish)) {
      this.#negotiations.next(this.offer());
      this.#expiry.unsubscribe();
      this.#expiry = timer(LIFETIME, this.#parts.clock).subscribe(() => {
        this.#negotiation.rollBack();
        this.need();
      });
    }
  }

  /** Whether the peer is sent one stream, in which a screen takes the place of the camera (P26). */
  get oneStream(): boolean {
    return !this.#negotiable || !this.#parts.remote.listed;
  }

  /** Throws `wrong_state` where these need a negotiation that the peer may not take, or an answer that is not there. */
  admit(purpose: Purpose | "channel", kinds: readonly Kind[] = []): void {
    const isFixed = this.begun && !this.#negotiable;
    const isAwaited = purpose === "m.screenshare" && this.#negotiation.awaited;
    const isAgreed =
      purpose === "channel"
        ? this.#negotiation.theirs?.application
        : kinds.every((kind) => this.#negotiation.isAgreed(kind));
    if (isAwaited || (isFixed && !isAgreed))
      throw new TrunklineError("wrong_state", `Cannot add ${purpose}: the peer does not negotiate.`);
  }

  /** Which kinds flow now. */
  get flowing(): Flowing {
    const { own, remote } = this.#parts;
    const { us, peer } = this.held$.value;
    if (us || peer) return { sent: [], received: [] };
    const sends = (kind: Kind) => own.track("m.usermedia", kind) ?? own.track("m.screenshare", kind);
    return { sent: KINDS.filter(sends), received: KINDS.filter((kind) => remote.has(kind)) };
  }

  close(): void {
    this.#closed = true;
    this.#expiry.unsubscribe();
    talks.delete(this.#parts.path);
    this.#negotiations.complete();
    this.held$.complete();
  }

  get #wish(): FakeWish {
    // The first descriptions do not say that we hold: a peer may be unable to negotiate later.
    const held = this.held$.value.us && this.begun && this.#negotiable;
    const { own, channels } = this.#parts;
    const application = channels.used;
    return { sections: own.sections(held), held, application, generation: this.#generation };
  }

  #say(type: Description["type"], sections: readonly FakeSection[]): SessionDescription {
    const { sessionId, own, path, channels } = this.#parts;
    const generation = this.#generation;
    const application = channels.used || (this.#negotiation.theirs?.application ?? false);
    const ours: FakeSdp = { sessionId, generation, sections, application, ...path.take(generation) };
    path.describe(ours);
    const negotiation = this.#negotiation.nameOf(type);
    return {
      description: { type, sdp: writeSdp(ours) },
      streams: own.infos,
      ...(negotiation && { negotiation }),
    };
  }

  #take(theirs: FakeSdp, streams: readonly StreamInfo[] | undefined): void {
    const { offered } = this.#negotiation;
    this.#negotiation.accept(theirs);
    this.#restarting = false;
    this.#expiry.unsubscribe();
    this.#hear(theirs, streams);
    this.#closeUnreceived(offered, theirs);
    this.need();
  }

  /** A section that is rejected, or that was never received, closes the camera; a later hold does not. */
  #closeUnreceived(offered: readonly FakeSection[], theirs: FakeSdp): void {
    const isCamera = ({ kind, streamId }: FakeSection) =>
      kind === "video" && (streamId?.endsWith("m.usermedia") ?? false);
    if (!offered.some(isCamera)) return;
    const video = theirs.sections.filter(({ kind }) => kind === "video");
    const isHold = holds(theirs) && this.#received;
    if (video.length === 0 || !(this.#receivedVideo || isHold)) this.#parts.onUnreceived();
  }

  #reply(theirs: FakeSdp, streams: readonly StreamInfo[] | undefined): void {
    if (theirs.generation !== this.#negotiation.theirs?.generation) this.#generation++;
    this.#expiry.unsubscribe();
    const sections = this.#negotiation.answer(theirs, this.#wish);
    this.#hear(theirs, streams);
    this.#negotiations.next(this.#say("answer", sections));
    this.need();
  }

  #hear(theirs: FakeSdp, streams: readonly StreamInfo[] | undefined): void {
    this.#parts.remote.arrive(theirs, streams);
    this.#parts.path.hear(theirs);
    this.#received ||= theirs.sections.some(receives);
    this.#receivedVideo ||= theirs.sections.some((section) => section.kind === "video" && receives(section));
    const peer = holds(theirs);
    if (peer !== this.held$.value.peer) this.held$.next({ ...this.held$.value, peer });
  }

  /** Channels open when both sides have said that there are any, and there is a path. */
  #joinChannels(): void {
    const { path, channels } = this.#parts;
    const other = path.other && talks.get(path.other);
    if (!other || path.state$.value !== "connected") return;
    const agreed = [this, other].every((talk) => talk.#negotiation.theirs?.application);
    if (!agreed) return;
    channels.join(other.#parts.channels);
    other.#parts.channels.join(channels);
  }
}

function read(expected: Description["type"], { description: { type, sdp } }: SessionDescription): FakeSdp {
  if (type === expected) return readSdp(sdp);
  throw new TrunklineError("media_failed", `The peer's ${expected} cannot be used: it is an ${type}.`);
}
