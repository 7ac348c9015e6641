import { concat, distinctUntilChanged, type Observable, Subject } from "rxjs";
import type { Channel } from "../streams/contract.ts";
import { TrunklineError, toTrunklineError } from "../streams/errors.ts";
import { Latest } from "../streams/latest.ts";
import { Buffered } from "./buffered.ts";
import { quietly } from "./quietly.ts";

/** How many channels the peer may have open, and how many messages are kept until the app asks for them (P44). */
const MOST_CHANNELS = 64;
const MOST_MESSAGES = 1_024;

/** A session's channels, by whichever connection it has. */
export class Channels {
  /** Of the peer, until they close. */
  readonly #theirs = new Set<BrowserChannel>();
  readonly #opened$ = new Subject<Channel>();
  readonly theirs$: Observable<Channel> = concat(this.#theirs, this.#opened$);
  readonly #ours = new Set<BrowserChannel>();
  #pc: RTCPeerConnection | undefined;

  /** From now on channels go by this connection. Those of ours that were asked for before are made at once. */
  attach(pc: RTCPeerConnection): void {
    this.#pc = pc;
    pc.addEventListener("datachannel", ({ channel }) => {
      if (this.#theirs.size >= MOST_CHANNELS) {
        quietly(() => channel.close());
        return;
      }
      const theirs = add(channel.label, this.#theirs);
      theirs.bind(channel);
      this.#opened$.next(theirs);
    });
    for (const ours of this.#ours) ours.bind(pc.createDataChannel(ours.label));
  }

  /** The connection goes; what was asked for waits for the next. */
  detach(): void {
    this.#pc = undefined;
    for (const ours of this.#ours) ours.release();
  }

  open(label: string): Channel {
    const ours = add(label, this.#ours);
    if (this.#pc) ours.bind(this.#pc.createDataChannel(label));
    return ours;
  }

  close(): void {
    for (const channel of [...this.#ours, ...this.#theirs]) channel.close();
    this.#opened$.complete();
  }
}

/** A channel of one side, until it closes. */
function add(label: string, channels: Set<BrowserChannel>): BrowserChannel {
  const channel = new BrowserChannel(label);
  channels.add(channel);
  channel.open$.subscribe({ complete: () => channels.delete(channel) });
  return channel;
}

/** A channel that may be asked for before there is a connection. */
class BrowserChannel implements Channel {
  readonly label: string;
  readonly #messages = new Buffered<string | ArrayBuffer>();
  readonly messages$ = this.#messages.stream$;
  readonly #isOpen = new Latest(false);
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
      throw toTrunklineError(cause, "media_failed", "The message cannot be sent: ");
    }
  }

  close(): void {
    quietly(() => this.#channel?.close());
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
