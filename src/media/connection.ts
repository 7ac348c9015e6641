import { BehaviorSubject } from "rxjs";
import type { Description, SessionDescription } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Kind } from "./capture.ts";
import { holdsUs } from "./directions.ts";
import { closedError } from "./lifetime.ts";
import { judge } from "./negotiation.ts";
import type { OwnStreams } from "./own-streams.ts";
import type { Peer } from "./peer.ts";
import { Queue } from "./queue.ts";
import type { RemoteStreams } from "./remote-streams.ts";
import { Sending } from "./sending.ts";

/** What both sides say over one connection: the first descriptions, and perfect negotiation from then on (P20). */
export class Connection {
  readonly peer: Peer;
  readonly sending: Sending;
  /** Whether the peer keeps us on hold. */
  readonly heldByPeer$ = new BehaviorSubject(false);
  readonly #own: OwnStreams;
  readonly #remote: RemoteStreams;
  readonly #tell: (ours: SessionDescription) => void;
  /** One piece of work on the connection at a time: so each begins and ends with nothing half said. */
  readonly #work = new Queue();
  /** Whether we answered the call. */
  #polite = false;
  #answered = false;
  /** Whether our last offer said that we hold, and what the last that was answered said. */
  #offeredHold = false;
  #toldHold = false;

  /** `tell` is given each description to send after the first. */
  constructor(peer: Peer, own: OwnStreams, remote: RemoteStreams, tell: (ours: SessionDescription) => void) {
    this.peer = peer;
    this.#tell = tell;
    this.#own = own;
    this.#remote = remote;
    this.sending = new Sending(
      peer.pc,
      (purpose) => own.of(purpose),
      (transceiver) => remote.isScreen(transceiver),
    );
    peer.tracks$.subscribe(({ transceiver, streams }) => remote.arrive(transceiver, streams));
    peer.needed$.subscribe(() => this.#work.run(() => this.#offer()).catch(() => {}));
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Makes the first offer; `devices` resolves when the tracks to send are open. */
  offer(kinds: readonly Kind[], devices: Promise<void>): Promise<SessionDescription> {
    return this.#work.run(async () => {
      this.sending.reserve(kinds);
      return this.#open("offer", devices);
    });
  }

  /** Answers the first offer. */
  answer(
    offer: SessionDescription,
    kinds: readonly Kind[],
    devices: Promise<void>,
  ): Promise<SessionDescription> {
    return this.#work.run(async () => {
      this.#polite = true;
      await this.#setRemote("offer", offer);
      if (this.peer.pc.getTransceivers().length === 0) {
        throw new TrunklineError("media_failed", "The peer's offer holds neither audio nor video.");
      }
      this.sending.adopt(kinds);
      const answer = await this.#open("answer", devices);
      this.#answered = true;
      this.#tellHoldLater();
      return answer;
    });
  }

  /** Takes the answer to the first offer. */
  accept(answer: SessionDescription): Promise<void> {
    return this.#work.run(async () => {
      await this.#setRemote("answer", answer);
      this.#answered = true;
      this.#tellHoldLater();
    });
  }

  /** Takes a later description, and answers it where it is an offer. */
  negotiate(theirs: SessionDescription): Promise<void> {
    return this.#work.run(async () => {
      const { type } = theirs.description;
      const { signalingState } = this.peer.pc;
      const verdict = this.#answered ? judge({ type, signalingState, polite: this.#polite }) : "refuse";
      if (verdict === "ignore") return;
      if (verdict === "refuse") {
        throw new TrunklineError("media_failed", `The peer's ${type} cannot be used: nothing waits for it.`);
      }
      await this.#setRemote(type, theirs);
      if (type === "offer") await this.#reply();
      this.#tellHoldLater();
    });
  }

  /** Sends nothing and plays nothing, or as before, and tells the peer. */
  hold(on: boolean): void {
    this.sending.hold(on);
    this.#tellHoldLater();
  }

  /** Runs what changes more than one thing of ours, so that no description falls in between. */
  change(work: () => Promise<void>): Promise<void> {
    return this.#work.run(work);
  }

  async #open(type: Description["type"], devices: Promise<void>): Promise<SessionDescription> {
    await Promise.all([this.peer.gather(type), devices]);
    // An offer that has given way meanwhile (P21): the devices belong to the answer now.
    if (this.peer.pc.signalingState === "closed") throw closedError();
    const tracks = this.#own.of("m.usermedia").getTracks();
    // A camera that the peer's offer has no room for must not stay on.
    this.#own.remove("m.usermedia", await this.sending.fill(tracks));
    const description = this.#take(type);
    this.peer.releaseCandidates();
    return description;
  }

  async #offer(): Promise<void> {
    // What is needed while something is pending is told again when nothing is.
    if (this.#answered && this.peer.pc.signalingState === "stable") await this.#say("offer");
  }

  /** Where neither side sends, only an offer can tell who holds: and the browser finds no need of one. */
  #tellHoldLater(): void {
    const tell = async () => {
      if (this.sending.held !== this.#toldHold) await this.#offer();
    };
    this.#work.run(tell).catch(() => {});
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
      throw thrown;
    }
  }

  async #say(type: Description["type"]): Promise<void> {
    await this.peer.gather(type);
    this.#tell(this.#take(type));
    this.peer.releaseCandidates();
  }

  #take(type: Description["type"]): SessionDescription {
    if (type === "offer") this.#offeredHold = this.sending.held;
    return { description: this.peer.takeDescription(type), streams: this.#own.infos };
  }

  /** Sets what must be of this type, with what it says of its streams; where that fails, what was said before holds. */
  async #setRemote(type: Description["type"], { description, streams }: SessionDescription): Promise<void> {
    // Browsers would take an offer in place of an answer, and undo ours for it.
    if (description.type !== type) {
      const reason = `it is an ${description.type}`;
      throw new TrunklineError("media_failed", `The peer's ${type} cannot be used: ${reason}.`);
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
    this.#remote.prune();
    if (type === "answer") this.#toldHold = this.#offeredHold;
    const held = holdsUs(description, ourOffer) ?? this.heldByPeer$.value;
    if (held !== this.heldByPeer$.value) this.heldByPeer$.next(held);
  }
}
