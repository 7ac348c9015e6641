import { fromEvent, Subscription } from "rxjs";
import type { Purpose } from "../streams/contract.ts";
import type { Capturing } from "./capturing.ts";
import type { Connection } from "./connection.ts";
import type { Line } from "./sending.ts";
import type { Tools } from "./tools.ts";

/**
 * Stops a camera or a screen that nobody receives: its section was rejected, or the peer has never received anything by
 * it. One that was received and no longer is stays open, as on hold: to open it again could prompt the user again. So
 * does one that is added while the peer keeps us on hold.
 */
export class Unreceived {
  readonly #tools: Tools;
  readonly #capturing: Capturing;
  #watched: Connection | undefined;
  #watching = Subscription.EMPTY;
  /** What our offer that waits for its answer would send. */
  #offered: readonly Line[] | undefined;
  /** What we wanted to send in the last negotiation that was completed, and our description in it. */
  #negotiated: readonly Line[] = [];
  #description: string | undefined;
  /** The transceivers by which the peer received something. */
  readonly #received = new WeakSet<RTCRtpTransceiver>();

  constructor(tools: Tools, capturing: Capturing) {
    this.#tools = tools;
    this.#capturing = capturing;
    // A browser may keep a closed connection for long, and with it whatever listens to it.
    capturing.options.own.shown$.subscribe({ complete: () => this.#watching.unsubscribe() });
  }

  /** To be called when there may be another connection. */
  watch(): void {
    const { connection: present, life } = this.#capturing.options;
    const connection = present();
    if (!connection || connection === this.#watched || life.ended) return;
    this.#watched = connection;
    this.#watching.unsubscribe();
    this.#watching = fromEvent(connection.peer.pc, "signalingstatechange").subscribe(() =>
      this.#follow(connection),
    );
    this.#follow(connection);
  }

  /** Looks again, when nothing is half negotiated: to be called when devices have opened after the description. */
  check(): void {
    const connection = this.#watched;
    connection?.change(async () => this.#check(connection)).catch(() => {});
  }

  #follow({ peer: { pc }, sending }: Connection): void {
    const sends = sending.lines.filter((line) => (line.sends || line.screen) && isSaid(line));
    if (pc.signalingState === "have-local-offer") this.#offered = sends;
    if (pc.signalingState === "have-remote-offer") this.#offered = undefined;
    // An offer that was taken back changes nothing.
    const description = pc.currentLocalDescription?.sdp;
    if (pc.signalingState !== "stable" || description === this.#description) return;
    this.#description = description;
    this.#negotiated = this.#offered ?? sends;
    this.check();
  }

  #check({ peer: { pc }, sending: { lines }, heldByPeer$ }: Connection): void {
    if (pc.signalingState !== "stable") return;
    for (const { transceiver } of lines.filter(isReceived)) this.#received.add(transceiver);
    const wasReceived = ({ transceiver }: Line) => this.#received.has(transceiver);
    const isHold = heldByPeer$.value && lines.some(wasReceived);
    const isOpen = (purpose: Purpose, track: MediaStreamTrack | null) =>
      track && this.#capturing.options.own.track(purpose, "video") === track;
    for (const line of this.#negotiated) {
      const { purpose, kind, track, screen, transceiver } = line;
      const isRejected = transceiver.direction === "stopped";
      if (kind !== "video" || !(isRejected || !(isHold || wasReceived(line)))) continue;
      if (isOpen(purpose, track)) this.#close(purpose);
      // In place of the camera.
      if (isOpen("m.screenshare", screen)) this.#close("m.screenshare");
    }
  }

  #close(purpose: Purpose): void {
    const isCamera = purpose === "m.usermedia";
    if (isCamera) this.#capturing.asked = { ...this.#capturing.asked, video: false };
    this.#capturing.drop(purpose, isCamera ? ["video"] : this.#tools.KINDS);
  }
}

/** Not so one that was added since, or whose offer gave way to one of the peer's: it is offered next. */
function isSaid({ transceiver: { mid, direction } }: Line): boolean {
  return mid !== null || direction === "stopped";
}

function isReceived({ transceiver: { currentDirection } }: Line): boolean {
  return currentDirection === "sendrecv" || currentDirection === "sendonly";
}
