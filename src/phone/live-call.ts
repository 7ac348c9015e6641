import { Subscription } from "rxjs";
import type {
  CallRef,
  Capture,
  Channel,
  Clock,
  Command,
  End,
  HangupReason,
  IceServer,
  MediaSession,
  MilestoneName,
  Party,
  PathState,
  ScreenOptions,
  SessionDescription,
  Signal,
  TraceEntry,
  Transfer,
} from "../streams/contract.ts";
import { fromErrorData, TrunklineError, toErrorData, toTrunklineError } from "../streams/errors.ts";
import type { Call, CallEnd, CallState, Muted, TransferRequest, TransferTo } from "./call.ts";
import { Facts } from "./facts.ts";
import { checkCapture } from "./options.ts";
import { recovery } from "./recovery.ts";
import { type Say, Voice } from "./voice.ts";

export type Incoming = Extract<Signal, { type: "incoming" }>;

/** What a call is given to work with. */
export interface CallParts<TStream> {
  readonly session: MediaSession<TStream>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly dispatch: (command: Command) => Promise<void>;
  /** The ICE servers in force, fresh at every call (P29). */
  readonly iceServers: () => Promise<readonly IceServer[]>;
  readonly onTrace: (call: CallRef, entry: TraceEntry) => void;
  /** This call is about to be talked in: the others go on hold. */
  readonly onTalk: () => void;
  /** The app has allowed a transfer. */
  readonly onTransfer: (transfer: Transfer, roomId: string) => void;
}

/** Joins one call's signalling to its media: descriptions and candidates out, signals in. */
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
  readonly ended: Promise<CallEnd>;

  readonly #parts: CallParts<TStream>;
  readonly #session: MediaSession<TStream>;
  readonly #voice: Voice;
  readonly #life = new Subscription();
  readonly #facts: Facts;
  #callId: string;
  #settle: (end: CallEnd) => void = () => {};
  #offer: SessionDescription | undefined;
  #capture: Capture = {};
  #negotiable = false;

  constructor(ref: CallRef, parts: CallParts<TStream>, theirs?: Incoming) {
    this.#parts = parts;
    this.#session = parts.session;
    this.#voice = new Voice(ref, parts.session, parts.dispatch);
    this.roomId = ref.roomId;
    this.#callId = ref.callId;
    this.direction = theirs ? "incoming" : "outgoing";
    this.groupRoom = theirs?.groupRoom ?? false;
    this.#facts = new Facts(theirs ? "ringing" : "preparing");
    const { state$, peer$, capabilities$, identity$, muted$, transfers$, trace$ } = this.#facts.streams;
    this.state$ = state$;
    this.peer$ = peer$;
    this.capabilities$ = capabilities$;
    this.identity$ = identity$;
    this.muted$ = muted$;
    this.transfers$ = transfers$;
    this.trace$ = trace$;
    if (theirs) this.#meet(theirs);
    this.localStreams$ = this.#session.localStreams$;
    this.remoteStreams$ = this.#session.remoteStreams$;
    this.held$ = this.#session.held$;
    this.channels$ = this.#session.channels$;
    this.stats$ = this.#session.stats$;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#life.add(this.#session.path$.subscribe((path) => this.#follow(path)));
    this.#life.add(this.#session.milestones$.subscribe(({ name, at }) => this.#reach(name, at)));
    this.#voice.listen();
  }

  get callId(): string {
    return this.#callId;
  }

  get peer(): Party | undefined {
    return this.#facts.peer.value;
  }

  get state(): CallState {
    return this.#facts.state.value;
  }

  /** What it was placed or answered with. */
  get capture(): Capture {
    return this.#capture;
  }

  /** Sets an outgoing call on its way. */
  place(capture: Capture, options: { readonly invitee?: string; readonly lifetime?: number }): void {
    this.#capture = capture;
    this.#reach("place");
    this.#parts.onTalk();
    this.#attempt(async () => {
      const placed = this.#voice.say({ type: "place", ...options });
      const [offer] = await Promise.all([this.#session.offer(capture), placed]);
      if (this.state !== "preparing") return;
      this.#facts.state.next("inviting");
      await this.#voice.describe({ type: "invite", ...offer });
    });
  }

  answer(capture: Capture): void {
    checkCapture(capture);
    if (this.state === "ringing" && this.#offer) this.#accept(this.#offer, capture);
  }

  reject({ busy = false }: { readonly busy?: boolean } = {}): void {
    if (this.direction !== "incoming" || this.state !== "ringing") return;
    if (busy) this.#hangup("user_busy", { by: "us", reason: "user_busy" });
    else this.#endWith({ type: "reject" }, { by: "us", reason: "rejected" });
  }

  hangup(): void {
    if (this.direction === "incoming" && this.state === "ringing") this.reject();
    else this.#hangup("user_hangup", { by: "us", reason: "user_hangup" });
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
    if (this.#negotiable && this.state !== "ended") this.#session.hold(true);
  }

  resume(): void {
    if (!this.#negotiable || this.state === "ended") return;
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
    await this.#voice.say({ type: "transfer", transfer: { ...to, ...named, replacementId: newId() } });
  }

  /** Takes what the engine says of this call. */
  receive(signal: Signal): void {
    switch (signal.type) {
      case "invited":
        if (this.state === "inviting") this.#facts.state.next("ringing");
        break;
      case "answered":
        this.#answered(signal);
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
        this.#tell(signal.entry);
        break;
      case "ended":
        this.end(signal.end);
        this.forget();
    }
  }

  /** Our call and theirs have crossed, and theirs goes on (P21): accepted at once, with the media that is open. */
  becomes(theirs: Incoming): void {
    if (this.state === "ended") return;
    this.#callId = theirs.callId;
    this.#voice.speakFor({ roomId: this.roomId, callId: theirs.callId });
    this.#meet(theirs);
    this.#accept(theirs, this.#capture);
  }

  /** Ends this side: the microphone and the camera first. The story may go on until the engine is done. */
  end(end: End): void {
    if (this.state === "ended") return;
    this.#session.close();
    this.#voice.close();
    this.#life.unsubscribe();
    this.#facts.end();
    const { error, ...rest } = end;
    this.#settle({ ...rest, ...(error && { error: fromErrorData(error) }) });
  }

  /** No more will be told of it. */
  forget(): void {
    this.#facts.story.complete();
  }

  #meet({ peer, capabilities, negotiable, description, streams }: Incoming): void {
    this.#facts.peer.next(peer);
    this.#facts.capabilities.next(capabilities);
    this.#negotiable = negotiable;
    this.#offer = { description, ...(streams && { streams }) };
  }

  #accept(offer: SessionDescription, capture: Capture): void {
    this.#capture = capture;
    this.#reach("accept");
    this.#parts.onTalk();
    this.#connect();
    this.#attempt(async () => {
      const answer = await this.#session.answer(offer, capture);
      if (this.state !== "ended") await this.#voice.describe({ type: "answer", ...answer });
    });
  }

  #answered(signal: Extract<Signal, { type: "answered" }>): void {
    if (this.state === "ended") return;
    this.#facts.peer.next(signal.peer);
    this.#facts.capabilities.next(signal.capabilities);
    this.#negotiable = signal.negotiable;
    this.#connect();
    this.#attempt(() => this.#session.accept(signal));
  }

  /** Accepted by one side or the other: from now on there is to be a path. */
  #connect(): void {
    this.#facts.state.next("connecting");
    const recovering = recovery(this.#session.path$, {
      caller: this.direction === "outgoing",
      clock: this.#parts.clock,
    });
    this.#life.add(
      recovering.subscribe((what) => {
        if (what === "restart") this.#restart();
        else {
          const reason = what === "lost" ? "ice_timeout" : "ice_failed";
          this.#hangup(reason, { by: "system", reason });
        }
      }),
    );
  }

  /** Asks for a new path with credentials that have not expired (P29). */
  #restart(): void {
    if (!this.#negotiable) return;
    this.#attempt(async () => {
      const servers = await this.#parts.iceServers();
      if (this.state === "reconnecting") this.#session.restartIce(servers);
    });
  }

  /** Changes what a description has to tell; the promise may be left alone. */
  #negotiating(change: () => Promise<void>): Promise<void> {
    const work = async () => {
      if (!this.#negotiable) throw cannot("change", "it is not answered yet, or the peer speaks version 0");
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
        this.#voice.mention({ type: "refuse_transfer", replacementId, reason: "declined" });
      },
    };
  }

  /** Does what the call depends on: its failure ends the call, and the peer is told why (P17). */
  #attempt(work: () => Promise<void>): void {
    const attempted = this.#callId;
    work().catch((thrown: unknown) => {
      if (this.#callId !== attempted) return; // what it was for has been replaced (P21)
      const error = toTrunklineError(thrown);
      const reason = error.code.startsWith("media_") ? "user_media_failed" : "unknown_error";
      this.#hangup(reason, { by: "system", reason, error: toErrorData(error) });
    });
  }

  #hangup(reason: HangupReason, end: End): void {
    this.#endWith({ type: "hangup", reason }, end);
  }

  #endWith(command: Say, end: End): void {
    if (this.state === "ended") return;
    this.end(end);
    const done = () => this.forget();
    this.#voice.say(command).then(done, done);
  }

  #follow(path: PathState): void {
    if (path === "connected") this.#facts.state.next("connected");
    else if (this.state === "connected") this.#facts.state.next("reconnecting");
  }

  #reach(name: MilestoneName, at = this.#parts.clock.now()): void {
    this.#tell({ kind: "milestone", name, at });
  }

  #tell(entry: TraceEntry): void {
    this.#facts.story.next(entry);
    this.#parts.onTrace({ roomId: this.roomId, callId: this.#callId }, entry);
  }
}

const cannot = (what: string, why: string) =>
  new TrunklineError("wrong_state", `Cannot ${what} this call: ${why}.`);
