import { BehaviorSubject, distinctUntilChanged } from "rxjs";
import type { Channel } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { Buffered } from "./buffered.ts";

/** How much of what the peer sends is kept until the app asks for it (P44). */
const MOST_CHANNELS = 64;
const MOST_MESSAGES = 1_024;

/** A session's channels, by whichever connection it has. */
export class Channels {
  readonly #theirs = new Buffered<Channel>();
  readonly theirs$ = this.#theirs.stream$;
  readonly #ours: BrowserChannel[] = [];
  readonly #open = new Set<BrowserChannel>();
  #pc: RTCPeerConnection | undefined;

  /** From now on channels go by this connection. Those of ours that were asked for before are made at once. */
  attach(pc: RTCPeerConnection): void {
    this.#pc = pc;
    pc.addEventListener("datachannel", ({ channel }) => {
      if (this.#theirs.waiting >= MOST_CHANNELS) {
        channel.close();
        return;
      }
      const theirs = this.#track(new BrowserChannel(channel.label));
      theirs.bind(channel);
      this.#theirs.next(theirs);
    });
    for (const ours of this.#ours) ours.bind(pc.createDataChannel(ours.label));
  }

  /** The connection goes; what was asked for waits for the next. */
  detach(): void {
    this.#pc = undefined;
    for (const ours of this.#ours) ours.release();
  }

  open(label: string): Channel {
    const ours = this.#track(new BrowserChannel(label));
    this.#ours.push(ours);
    if (this.#pc) ours.bind(this.#pc.createDataChannel(label));
    return ours;
  }

  close(): void {
    for (const channel of this.#open) channel.close();
    this.#theirs.complete();
  }

  #track(channel: BrowserChannel): BrowserChannel {
    this.#open.add(channel);
    channel.open$.subscribe({
      complete: () => {
        this.#open.delete(channel);
        const index = this.#ours.indexOf(channel);
        if (index >= 0) this.#ours.splice(index, 1);
      },
    });
    return channel;
  }
}

/** A channel that may be asked for before there is a connection. */
class BrowserChannel implements Channel {
  readonly label: string;
  readonly #messages = new Buffered<string | ArrayBuffer>();
  readonly messages$ = this.#messages.stream$;
  readonly #isOpen = new BehaviorSubject(false);
  readonly open$ = this.#isOpen.pipe(distinctUntilChanged());
  #channel: RTCDataChannel | undefined;

  constructor(label: string) {
    this.label = label;
  }

  bind(channel: RTCDataChannel): void {
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    channel.addEventListener("open", () => this.#follow(channel));
    channel.addEventListener("close", () => this.#follow(channel));
    channel.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      // Nobody reads: what comes would be kept for ever.
      if (this.#messages.waiting >= MOST_MESSAGES) this.close();
      else this.#messages.next(data);
    });
    this.#follow(channel);
  }

  release(): void {
    this.#channel = undefined;
  }

  send(message: string | ArrayBuffer): void {
    const channel = this.#channel;
    if (channel?.readyState !== "open") {
      throw new TrunklineError("wrong_state", `The channel ${this.label} is not open: wait for open$.`);
    }
    try {
      // Two calls, since the method's overloads take one type each.
      if (typeof message === "string") channel.send(message);
      else channel.send(message);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TrunklineError("media_failed", `The message cannot be sent: ${reason}`, { cause });
    }
  }

  close(): void {
    this.#channel?.close();
    this.#end();
  }

  #follow(channel: RTCDataChannel): void {
    // One that was released closes with its connection, but the channel that was asked for lives on.
    if (channel !== this.#channel) return;
    if (channel.readyState === "open") this.#isOpen.next(true);
    if (channel.readyState === "closed") this.#end();
  }

  #end(): void {
    this.#isOpen.next(false);
    this.#isOpen.complete();
    this.#messages.complete();
  }
}
