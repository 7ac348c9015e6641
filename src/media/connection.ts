import { BehaviorSubject, filter, type Observable, Subscription, timer } from "rxjs";
import { realClock } from "../streams/clock.ts";
import type { Description, RemoteDescription, SessionDescription } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { KINDS, type Kind } from "./capture.ts";
import { holdsUs } from "./directions.ts";
import { closedError } from "./lifetime.ts";
import { judge } from "./negotiation.ts";
import { nextTask } from "./next-task.ts";
import type { OwnStreams } from "./own-streams.ts";
import type { Peer } from "./peer.ts";
import { Queue } from "./queue.ts";
import type { RemoteStreams } from "./remote-streams.ts";
import { Sending } from "./sending.ts";

/** An offer is good for this long, in ms (P19): one that is not answered by then must not keep others waiting. */
const LIFETIME = 60_000;

/** What both sides say over one connection: the first descriptions, and perfect negotiation from then on (P20). */
export class Connection {
  readonly peer: Peer;
  readonly sending: Sending;
  /** Whether the peer keeps us on hold. */
  readonly heldByPeer$ = new BehaviorSubject(false);
  /** Emits once there is no path, and none to be found. */
  readonly failed$: Observable<unknown>;
  readonly #own: OwnStreams;
  readonly #remote: RemoteStreams;
  readonly #tell: (ours: SessionDescription) => void;
  /** One piece of work on the connection at a time: so each begins and ends with nothing half said. */
  readonly #work = new Queue();
  /** Whether we answered the call. */
  #polite = false;
  #answered = false;
  /** Whether the peer takes descriptions after the first. */
  #negotiable = true;
  /** Whether there is something to negotiate as soon as the first descriptions are out. */
  #wanted = false;
  /** How many offers we have made: the last one's name. */
  #offers = 0;
  /** What the peer's last description named, where the peer names offers: its own, or ours that it answered. */
  #named: string | undefined;
  /** Whether a new path was asked for, also of a peer that may not negotiate. */
  #restarting = false;
  /** The time that our offer has left. */
  #expiry = Subscription.EMPTY;
  /** Whether our last offer said that we hold, and what the last that was answered said. */
  #offeredHold = false;
  #toldHold = false;

  /** `tell` is given each description to send after the first. */
  constructor(peer: Peer, own: OwnStreams, remote: RemoteStreams, tell: (ours: SessionDescription) => void) {
    this.peer = peer;
    this.#tell = tell;
    this.#own = own;
    this.#remote = remote;
    this.sending = new Sending(peer.pc, own, remote);
    peer.tracks$.subscribe((event) => remote.arrive(event));
    this.failed$ = peer.path$.pipe(filter((state) => state === "failed"));
    peer.needed$.subscribe(() => this.#soon(() => this.#offer()));
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Makes the first offer; where it is to wait for them, `devices` resolves when the tracks to send are open. */
  offer(kinds: readonly Kind[], devices?: Promise<void>): Promise<SessionDescription> {
    return this.#work.run(async () => {
      this.sending.reserve(kinds);
      return this.#open("offer", devices);
    });
  }

  /**
   * Makes the answer to the first offer, with room for all that we could send, and keeps it. What the offer says of
   * candidates must have been taken out of it (P45).
   */
  prepare(offer: RemoteDescription): Promise<void> {
    return this.#work.run(async () => {
      await this.#hearOffer(offer);
      if (!this.sending.namesStreams) {
        throw new TrunklineError("media_failed", "Here an answer needs its tracks.");
      }
      this.sending.adopt(KINDS);
      await this.peer.gather("answer");
    });
  }

  /**
   * The answer that was prepared, as it is now. The peer's candidates are used from the next task on: a browser takes
   * some ms over them, and by then the answer has left.
   */
  takePrepared(): SessionDescription {
    const answer = this.#take("answer");
    this.peer.releaseCandidates();
    void this.#work.run(async () => {
      await nextTask();
      this.peer.useCandidates();
      this.#begin();
    });
    return answer;
  }

  /** Gives the tracks that are open to the transceivers kept for them. */
  async fill(): Promise<void> {
    const tracks = this.#own.of("m.usermedia").getTracks();
    // A camera that the peer's offer has no room for must not stay on.
    this.#own.remove("m.usermedia", await this.sending.fill(tracks));
  }

  /** Answers the first offer. */
  answer(
    offer: RemoteDescription,
    kinds: readonly Kind[],
    devices: Promise<void>,
  ): Promise<SessionDescription> {
    return this.#work.run(async () => {
      await this.#hearOffer(offer);
      this.peer.useCandidates();
      if (!this.sending.namesStreams) await devices;
      this.sending.adopt(kinds);
      const answer = await this.#open("answer", devices);
      this.#begin();
      return answer;
    });
  }

  /** Takes the answer to the first offer. */
  accept(answer: RemoteDescription): Promise<void> {
    return this.#work.run(async () => {
      this.#negotiable = answer.negotiable ?? true;
      await this.#setRemote("answer", answer);
      this.peer.useCandidates();
      this.#begin();
    });
  }

  /** Takes a later description, and answers it where it is an offer. */
  negotiate(theirs: SessionDescription): Promise<void> {
    return this.#work.run(async () => {
      const { type } = theirs.description;
      const { signalingState } = this.peer.pc;
      const verdict = this.#answered ? judge({ type, signalingState, polite: this.#polite }) : "refuse";
      if (verdict === "refuse") {
        throw new TrunklineError("media_failed", `Nothing waits for the peer's ${type}.`);
      }
      // The answer to an offer that was taken back since must not be applied to another.
      const late = type === "answer" && this.#named && theirs.negotiation !== String(this.#offers);
      if (verdict === "ignore" || late) return;
      await this.#setRemote(type, theirs);
      // Whoever negotiates has shown that it does.
      this.#allow(true);
      this.#expiry.unsubscribe();
      this.peer.useCandidates();
      if (type === "offer") await this.#reply();
      this.#settle();
      this.#tellHoldLater();
    });
  }

  /** Sends nothing and plays nothing, or as before, and informs the peer as soon as that can be. */
  hold(on: boolean): void {
    this.sending.hold(on);
    this.#tellHoldLater();
  }

  /** Runs what changes more than one thing of ours, so that no description falls in between. */
  change(work: () => Promise<void>): Promise<void> {
    return this.#work.run(work);
  }

  /**
   * Asks for a new path. An offer of ours that waits for its answer keeps others from being made: it is taken back at
   * once where the peer names what it answers, else when its lifetime is over, lest its late answer be applied to
   * another offer.
   */
  restart(): void {
    this.#restarting = true;
    this.peer.restart();
    if (this.#named) this.#offerAgain();
  }

  /** Throws `wrong_state` where a channel needs a negotiation that the peer may not take. */
  checkChannels(): void {
    if (!this.sending.fixed || this.peer.pc.sctp) return;
    throw new TrunklineError("wrong_state", "The peer takes no channel.");
  }

  close(): void {
    this.#expiry.unsubscribe();
    this.peer.close();
  }

  async #open(type: Description["type"], devices: Promise<void> | undefined): Promise<SessionDescription> {
    await Promise.all([this.peer.gather(type), devices]);
    // An offer that has given way meanwhile (P21): the devices belong to the answer now.
    if (this.peer.pc.signalingState === "closed") throw closedError();
    if (devices) await this.fill();
    const description = this.#take(type);
    this.peer.releaseCandidates();
    return description;
  }

  async #hearOffer(offer: RemoteDescription): Promise<void> {
    this.#polite = true;
    this.#negotiable = offer.negotiable ?? true;
    await this.#setRemote("offer", offer);
    if (this.peer.pc.getTransceivers().length === 0) {
      throw new TrunklineError("media_failed", "The offer holds no media.");
    }
  }

  /** Both have said their first description: what came up meanwhile is negotiated, where that can be. */
  #begin(): void {
    this.#answered = true;
    this.#settle();
    this.#allow(this.#negotiable);
    if (this.#wanted) this.#soon(() => this.#offer());
    this.#tellHoldLater();
  }

  /** Runs what nobody waits for. */
  #soon(work: () => Promise<void>): void {
    this.#work.run(work).catch(() => {});
  }

  #allow(negotiable: boolean): void {
    this.sending.fixed = !negotiable;
    this.sending.direct();
  }

  async #offer(): Promise<void> {
    // An answer that was prepared is out of date by what comes up before it leaves.
    this.#wanted = !this.#answered && this.peer.pc.currentLocalDescription !== null;
    // What is needed while something is pending is told again when nothing is.
    const may = this.sending.fixed ? this.#restarting : this.#answered;
    if (!may || this.peer.pc.signalingState !== "stable") return;
    await this.#say("offer");
    this.#expiry.unsubscribe();
    this.#expiry = timer(LIFETIME, realClock).subscribe(() => this.#offerAgain());
  }

  /**
   * Takes our unanswered offer back and makes another, of what there is to say by now. The peer may have applied the
   * first, or not: where we are back at what it knew before, the browser would see no need.
   */
  #offerAgain(): void {
    const offerAgain = async () => {
      if (this.peer.pc.signalingState !== "have-local-offer") return;
      await this.peer.pc.setLocalDescription({ type: "rollback" });
      await this.#offer();
    };
    this.#soon(offerAgain);
  }

  /** Where neither side sends, only an offer can tell who holds: and the browser finds no need of one. */
  #tellHoldLater(): void {
    const tell = async () => {
      if (this.sending.saysHeld !== this.#toldHold) await this.#offer();
    };
    this.#soon(tell);
  }

  async #reply(): Promise<void> {
    try {
      await this.sending.resettle();
      this.sending.direct();
      await this.#say("answer");
    } catch (thrown) {
      // An offer that cannot be answered is undone: it must not keep others from being made.
      if (this.peer.pc.signalingState === "have-remote-offer") {
        await this.peer.pc.setRemoteDescription({ type: "rollback", sdp: "" });
      }
      this.#settle();
      throw thrown;
    }
  }

  /** A negotiation has come to its end. */
  #settle(): void {
    this.#remote.settle(this.peer.pc.getTransceivers());
  }

  async #say(type: Description["type"]): Promise<void> {
    await this.peer.gather(type);
    this.#tell(this.#take(type));
    this.peer.releaseCandidates();
  }

  #take(type: Description["type"]): SessionDescription {
    if (type === "offer") {
      this.#offeredHold = this.sending.saysHeld;
      this.#offers++;
    }
    const negotiation = type === "offer" ? String(this.#offers) : this.#named;
    return {
      description: this.peer.takeDescription(type),
      streams: this.#own.infos,
      ...(negotiation && { negotiation }),
    };
  }

  /** Sets what must be of this type, with what it says of its streams; where that fails, what was said before holds. */
  async #setRemote(
    type: Description["type"],
    { description, streams, negotiation }: SessionDescription,
  ): Promise<void> {
    // Browsers would take an offer in place of an answer, and undo ours for it.
    if (description.type !== type) {
      throw new TrunklineError("media_failed", `The peer's ${type} is an ${description.type}.`);
    }
    const before = this.#remote.described;
    const ourOffer = this.peer.pc.pendingLocalDescription?.sdp;
    this.#remote.describe(streams ?? (this.#answered ? before : undefined));
    try {
      await this.peer.setRemote(description);
    } catch (thrown) {
      this.#remote.describe(before);
      throw thrown;
    }
    this.#named = negotiation;
    if (type === "answer") this.#toldHold = this.#offeredHold;
    const held = holdsUs(description, ourOffer) ?? this.heldByPeer$.value;
    if (held !== this.heldByPeer$.value) this.heldByPeer$.next(held);
  }
}
