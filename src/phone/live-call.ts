import type {
  CallRef,
  Capture,
  ChangeOptions,
  Channel,
  Party,
  ScreenOptions,
  Signal,
  Transfer,
} from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Call, CallState, Muted, TransferTo } from "./call.ts";
import type { CallParts, Incoming, RefuseTransfer } from "./call-parts.ts";
import { Course } from "./course.ts";
import { offersOf } from "./offers.ts";
import { checkCapture, checkSignal, type PlaceOptions } from "./options.ts";
import { unawaited } from "./unawaited.ts";

const KINDS = ["audio", "video"] as const;
const PENDING: readonly CallState[] = ["preparing", "inviting", "ringing", "connecting"];

/** A call as the app has it, and as the phone tells it what the engine says. */
export class LiveCall<TStream> extends Course<TStream> implements Call<TStream> {
  readonly roomId: string;
  readonly direction: "outgoing" | "incoming";
  readonly groupRoom: boolean;
  declare readonly localStreams$: Call<TStream>["localStreams$"];
  declare readonly remoteStreams$: Call<TStream>["remoteStreams$"];
  declare readonly held$: Call["held$"];
  declare readonly channels$: Call["channels$"];
  declare readonly stats$: Call["stats$"];

  constructor(ref: CallRef, parts: CallParts<TStream>, theirs?: Incoming) {
    super(ref, parts, theirs);
    if (theirs) this.offers = offersOf(theirs);
    this.roomId = ref.roomId;
    this.direction = theirs ? "incoming" : "outgoing";
    this.groupRoom = theirs?.groupRoom ?? false;
    const { localStreams$, remoteStreams$, held$, channels$, stats$ } = parts.session;
    Object.assign(this, { localStreams$, remoteStreams$, held$, channels$, stats$ });
  }

  get peer(): Party | undefined {
    return this.peer$.value;
  }

  /** Whether it is still to be connected. */
  get isPending(): boolean {
    return PENDING.includes(this.state);
  }

  place(options: PlaceOptions): void {
    const { roomId: _, invitee, lifetime, waitForDevices = true, ...capture } = options;
    this.offers = { audio: Boolean(capture.audio), video: Boolean(capture.video) };
    const limits = {
      ...(invitee !== undefined && { invitee }),
      ...(lifetime !== undefined && { lifetime }),
    };
    this.start(capture, limits, waitForDevices);
  }

  /** Lets go of what was made ready. */
  unprepare(): void {
    this.session.unprepare();
  }

  answer(capture: Capture): Promise<void> {
    checkCapture(capture);
    return this.accept(capture);
  }

  reject({ busy = false }: { readonly busy?: boolean } = {}): void {
    if (!this.isUnanswered) return;
    if (busy) this.hangupFor("us", "user_busy");
    else this.endWith({ type: "reject" }, { by: "us", reason: "rejected" });
  }

  hangup(): void {
    if (this.isUnanswered) this.reject();
    else this.hangupFor("us", "user_hangup");
  }

  mute(muted: Partial<Muted>): void {
    if (this.state === "ended") return;
    this.muted$.next({ ...this.muted$.value, ...muted });
    this.session.mute(muted);
  }

  change(capture: Capture, options: ChangeOptions = {}): Promise<void> {
    checkCapture(capture);
    checkSignal(options);
    // Another device of a kind that is sent needs no negotiation.
    const adds = KINDS.some((kind) => capture[kind] && !this.capture[kind]);
    const change = async () => {
      if (adds && !this.shown) throw cannot("change", "it is not answered yet");
      await this.session.change(capture, options);
      this.capture = { ...this.capture, ...capture };
    };
    return unawaited(change());
  }

  shareScreen(options: ScreenOptions = {}): Promise<void> {
    checkSignal(options);
    return unawaited(this.session.shareScreen(options));
  }

  stopSharing(): void {
    if (this.state !== "ended") this.session.stopSharing();
  }

  hold(): void {
    if (this.isEngaged) this.parts.floor.yield(this.session);
  }

  resume(): void {
    if (this.isEngaged) this.parts.floor.take(this.session);
  }

  /** Resumes, unless another call is talked in. */
  resumeIfFree(): void {
    if (this.parts.floor.isFree) this.resume();
  }

  sendDtmf(keys: string): void {
    if (this.state !== "ended") this.session.sendDtmf(keys);
  }

  openChannel(label: string): Channel {
    return this.session.openChannel(label);
  }

  async transfer(to: TransferTo): Promise<void> {
    if (!this.capabilities$.value.transferee)
      throw cannot("transfer", "the peer does not say that it can be");
    const { requestFor } = await import("./transfer.ts");
    await this.voice.say({ type: "transfer", transfer: requestFor(to, this.parts.newId) });
  }

  /** Takes what the engine says of this call. */
  receive(signal: Signal): void {
    this.keep(signal);
    switch (signal.type) {
      case "invited":
        if (this.state === "inviting") this.state$.next("ringing");
        break;
      case "answered":
        this.answered(signal);
        break;
      case "negotiate":
        this.shown = { negotiable: true };
        this.session.negotiate(signal).catch(() => {}); // changes nothing where it cannot be used
        break;
      case "candidates":
        this.session.addCandidates(signal.candidates);
        break;
      case "streams":
        this.session.describeRemote(signal.streams);
        break;
      case "identity":
        this.identity$.next(signal.identity);
        break;
      case "transfer":
        this.#consider(signal.transfer);
        break;
      case "trace":
        this.tell(signal.entry);
        break;
      case "ended":
        this.conclude(signal.end);
    }
  }

  /** Whether it is placed or accepted. */
  get isEngaged(): boolean {
    return this.state !== "ended" && !(this.direction === "incoming" && this.state === "ringing");
  }

  #consider(transfer: Transfer): void {
    const { replacementId } = transfer;
    const refuse: RefuseTransfer = (reason) =>
      this.voice.mention({ type: "refuse_transfer", replacementId, reason });
    this.parts.consider(transfer, refuse).then(
      (request) => this.transfers$.next(request),
      () => refuse("failed_call"),
    );
  }
}

const cannot = (what: string, why: string) =>
  new TrunklineError("wrong_state", `Cannot ${what} this call: ${why}.`);
