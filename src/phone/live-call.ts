import type {
  CallRef,
  Capture,
  Channel,
  End,
  MediaSession,
  Party,
  ScreenOptions,
  Signal,
  Transfer,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Call, CallState, Muted, Offers, TransferRequest, TransferTo } from "./call.ts";
import type { CallParts, Incoming } from "./call-parts.ts";
import { Course } from "./course.ts";
import type { Facts } from "./facts.ts";
import { offersOf } from "./offers.ts";
import { checkCapture, type PlaceOptions } from "./options.ts";

/** A call as the app has it, and as the phone tells it what the engine says. */
export class LiveCall<TStream> implements Call<TStream> {
  readonly roomId: string;
  readonly direction: "outgoing" | "incoming";
  readonly groupRoom: boolean;
  readonly state$: Call["state$"];
  readonly peer$: Call["peer$"];
  readonly capabilities$: Call["capabilities$"];
  readonly identity$: Call["identity$"];
  readonly muted$: Call["muted$"];
  readonly transfers$: Call["transfers$"];
  readonly trace$: Call["trace$"];
  readonly localStreams$: Call<TStream>["localStreams$"];
  readonly remoteStreams$: Call<TStream>["remoteStreams$"];
  readonly held$: Call["held$"];
  readonly channels$: Call["channels$"];
  readonly stats$: Call["stats$"];
  readonly ended: Call["ended"];

  readonly #parts: CallParts<TStream>;
  readonly #session: MediaSession<TStream>;
  readonly #course: Course;
  readonly #facts: Facts;
  #offers: Offers;

  constructor(ref: CallRef, parts: CallParts<TStream>, theirs?: Incoming) {
    this.#parts = parts;
    this.#session = parts.session;
    this.#course = new Course(ref, parts, theirs);
    this.#facts = this.#course.facts;
    this.#offers = theirs ? offersOf(theirs.description) : { audio: false, video: false };
    this.roomId = ref.roomId;
    this.direction = theirs ? "incoming" : "outgoing";
    this.groupRoom = theirs?.groupRoom ?? false;
    const { state$, peer$, capabilities$, identity$, muted$, transfers$, trace$ } = this.#facts.streams;
    this.state$ = state$;
    this.peer$ = peer$;
    this.capabilities$ = capabilities$;
    this.identity$ = identity$;
    this.muted$ = muted$;
    this.transfers$ = transfers$;
    this.trace$ = trace$;
    this.localStreams$ = this.#session.localStreams$;
    this.remoteStreams$ = this.#session.remoteStreams$;
    this.held$ = this.#session.held$;
    this.channels$ = this.#session.channels$;
    this.stats$ = this.#session.stats$;
    this.ended = this.#course.ended;
  }

  get callId(): string {
    return this.#course.callId;
  }

  get offers(): Offers {
    return this.#offers;
  }

  get peer(): Party | undefined {
    return this.#facts.peer.value;
  }

  get state(): CallState {
    return this.#course.state;
  }

  /** What it was placed or answered with. */
  get capture(): Capture {
    return this.#course.capture;
  }

  place({ audio, video, invitee, lifetime, waitForDevices = true }: PlaceOptions): void {
    this.#offers = { audio: Boolean(audio), video: Boolean(video) };
    this.#course.place(
      { ...(audio !== undefined && { audio }), ...(video !== undefined && { video }) },
      { ...(invitee !== undefined && { invitee }), ...(lifetime !== undefined && { lifetime }) },
      waitForDevices,
    );
  }

  /** Makes ready while it rings, so that the answer leaves the moment the user accepts. */
  prepare(): void {
    this.#course.prepare();
  }

  /** Lets go of what was made ready. */
  unprepare(): void {
    this.#session.unprepare();
  }

  answer(capture: Capture): void {
    checkCapture(capture);
    if (this.#rings) this.#course.accept(capture);
  }

  reject({ busy = false }: { readonly busy?: boolean } = {}): void {
    if (!this.#rings) return;
    if (busy) this.#course.hangup("user_busy", { by: "us", reason: "user_busy" });
    else this.#course.endWith({ type: "reject" }, { by: "us", reason: "rejected" });
  }

  hangup(): void {
    if (this.#rings) this.reject();
    else this.#course.hangup("user_hangup", { by: "us", reason: "user_hangup" });
  }

  mute(muted: Partial<Muted>): void {
    if (this.state === "ended") return;
    this.#facts.muted.next({ ...this.#facts.muted.value, ...muted });
    this.#session.mute(muted);
  }

  change(capture: Capture): Promise<void> {
    checkCapture(capture);
    return this.#negotiating(() => this.#session.change(capture));
  }

  shareScreen(options: ScreenOptions = {}): Promise<void> {
    return this.#negotiating(() => this.#session.shareScreen(options));
  }

  stopSharing(): void {
    if (this.state !== "ended") this.#session.stopSharing();
  }

  hold(): void {
    if (this.#course.negotiable && this.state !== "ended" && !this.#rings) this.#session.hold(true);
  }

  resume(): void {
    if (!this.#course.negotiable || this.state === "ended" || this.#rings) return;
    this.#parts.onTalk();
    this.#session.hold(false);
  }

  sendDtmf(keys: string): void {
    if (this.state !== "ended") this.#session.sendDtmf(keys);
  }

  openChannel(label: string): Channel {
    return this.#session.openChannel(label);
  }

  async transfer(to: TransferTo): Promise<void> {
    if (!this.#facts.capabilities.value.transferee)
      throw cannot("transfer", "the peer does not say that it can be");
    const { newId } = this.#parts;
    // One of the two is always named: the call that the peer is to make has an id from us.
    const named = to.createCall === undefined && to.awaitCall === undefined ? { createCall: newId() } : {};
    const transfer = { ...to, ...named, replacementId: newId() };
    await this.#course.voice.say({ type: "transfer", transfer });
  }

  /** Takes what the engine says of this call. */
  receive(signal: Signal): void {
    switch (signal.type) {
      case "invited":
        if (this.state === "inviting") this.#facts.state.next("ringing");
        break;
      case "answered":
        this.#course.answered(signal);
        break;
      case "negotiate":
        this.#session.negotiate(signal).catch(() => {}); // changes nothing where it cannot be used
        break;
      case "candidates":
        this.#session.addCandidates(signal.candidates);
        break;
      case "streams":
        this.#session.describeRemote(signal.streams);
        break;
      case "identity":
        this.#facts.identity.next(signal.identity);
        break;
      case "transfer":
        this.#facts.transfers.next(this.#requestOf(signal.transfer));
        break;
      case "trace":
        this.#course.tell(signal.entry);
        break;
      case "ended":
        this.end(signal.end);
        this.forget();
    }
  }

  /** Our call and theirs have crossed, and theirs goes on (P21). */
  becomes(theirs: Incoming): void {
    this.#course.becomes(theirs);
  }

  /** Ends this side, without a word to the peer. */
  end(end: End): void {
    this.#course.end(end);
  }

  /** No more will be told of it. */
  forget(): void {
    this.#course.forget();
  }

  get #rings(): boolean {
    return this.direction === "incoming" && this.state === "ringing";
  }

  /** Changes what a description has to tell; the promise may be left alone. */
  #negotiating(change: () => Promise<void>): Promise<void> {
    const work = async () => {
      if (!this.#course.negotiable)
        throw cannot("change", "it is not answered yet, or the peer speaks version 0");
      await change();
    };
    const done = work();
    done.catch(() => {});
    return done;
  }

  #requestOf(transfer: Transfer): TransferRequest {
    return {
      ...transfer,
      accept: (options = {}) => {
        const roomId = transfer.targetRoom ?? options.roomId;
        if (!roomId) {
          throw new TrunklineError("invalid_option", "The transfer names no room: accept({ roomId }) must.");
        }
        this.#parts.onTransfer(transfer, roomId);
      },
      refuse: () => {
        const { replacementId } = transfer;
        this.#course.voice.mention({ type: "refuse_transfer", replacementId, reason: "declined" });
      },
    };
  }
}

const cannot = (what: string, why: string) =>
  new TrunklineError("wrong_state", `Cannot ${what} this call: ${why}.`);
