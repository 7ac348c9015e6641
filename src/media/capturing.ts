import type { Capture, ChangeOptions, Purpose, ScreenOptions } from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";
import { type Devices, KINDS, type Kind, kindsOf, openDevices, TOOLS } from "./capture.ts";
import type { Connection } from "./connection.ts";
import { closedError, type Lifetime } from "./lifetime.ts";
import type { OwnStreams } from "./own-streams.ts";
import { Queue } from "./queue.ts";
import { openScreen } from "./screen.ts";

/** What is opened on this side, and by which connection it is sent. */
interface CapturingOptions {
  readonly own: OwnStreams;
  readonly life: Lifetime;
  readonly devices: () => Devices | undefined;
  /** The connection, when there is one, and now. */
  readonly connecting: () => Promise<Connection> | undefined;
  readonly connection: () => Connection | undefined;
  /** Takes what failed without ending the call. */
  readonly warn: (warning: TrunklineError) => void;
}

/** Our microphone, camera and screen: opened, switched without a gap, and stopped. */
export class Capturing {
  readonly #options: CapturingOptions;
  readonly #own: OwnStreams;
  /** Changes of devices, one after the other. */
  readonly #changes = new Queue();
  #opening: Promise<void> | undefined;
  #kinds: readonly Kind[] = [];

  constructor(options: CapturingOptions) {
    this.#options = options;
    this.#own = options.own;
  }

  /** The kinds that our devices send, or will send. */
  get kinds(): readonly Kind[] {
    return this.#kinds;
  }

  /** Opens the devices the first time; after that they are used again, whatever is asked for (P21). */
  open(capture: Capture): Promise<void> {
    if (!this.#opening) {
      this.#kinds = kindsOf(capture);
      const opening: Promise<void> =
        this.#kinds.length > 0 ? this.#open(capture, () => opening === this.#opening) : Promise.resolve();
      this.#opening = opening;
      opening.catch(() => {});
    }
    return this.#opening;
  }

  /** Stops the devices, also those that are about to open: the next time is the first. */
  reset(): void {
    this.#opening = undefined;
    this.#kinds = [];
    this.#own.remove("m.usermedia", KINDS);
  }

  change(capture: Capture, _options: ChangeOptions): Promise<void> {
    return this.#changes.run(() => this.#change(capture));
  }

  async shareScreen(options: ScreenOptions): Promise<void> {
    const opened = await openScreen(this.#options.devices(), options);
    await this.#send("m.screenshare", opened);
    if (opened.getAudioTracks().length === 0) this.#drop("m.screenshare", ["audio"]);
    for (const screen of opened.getVideoTracks()) this.#endWith(screen);
  }

  stopSharing(): void {
    this.#drop("m.screenshare", KINDS);
  }

  async #open(capture: Capture, isWanted: () => boolean): Promise<void> {
    const devices = this.#options.devices();
    const usable = () => isWanted() && !this.#options.life.ended;
    const opened = await openDevices(devices, capture).catch(async (thrown: unknown) => {
      const { openRest } = await import("./device-failure.ts");
      const { stream, warning } = await openRest(TOOLS, devices, capture, thrown, { isWanted: usable });
      if (warning && usable()) this.#options.warn(warning);
      return stream;
    });
    this.#assertUsable(opened, isWanted());
    this.#own.add("m.usermedia", opened.getTracks());
  }

  async #change(capture: Capture): Promise<void> {
    await this.#opening;
    // A device that works, with nothing else asked of it, stays as it is.
    const stays = (kind: Kind) =>
      capture[kind] === true && this.#own.track("m.usermedia", kind)?.readyState === "live";
    const wanted = kindsOf(capture).filter((kind) => !stays(kind));
    if (wanted.length > 0) {
      const asked = Object.fromEntries(wanted.map((kind) => [kind, capture[kind]]));
      await this.#send("m.usermedia", await this.#opened(asked));
    }
    this.#drop(
      "m.usermedia",
      KINDS.filter((kind) => capture[kind] === false),
    );
    this.#kinds = KINDS.filter((kind) => this.#own.track("m.usermedia", kind));
  }

  /** Opens all of it, or rejects with the coded error of what is missing. */
  async #opened(capture: Capture): Promise<MediaStream> {
    const devices = this.#options.devices();
    try {
      return await openDevices(devices, capture);
    } catch (thrown) {
      const { openRest } = await import("./device-failure.ts");
      const { stream, warning } = await openRest(TOOLS, devices, capture, thrown, {
        isWanted: () => !this.#options.life.ended,
      });
      stopAll(stream.getTracks());
      throw warning;
    }
  }

  /** Sends what was opened, and only then stops what it replaces. */
  async #send(purpose: Purpose, opened: MediaStream): Promise<void> {
    this.#assertUsable(opened);
    const tracks = opened.getTracks();
    this.#own.prepare(purpose, tracks);
    try {
      const connection = await this.#options.connecting();
      await connection?.change(async () => {
        await connection.sending.send(purpose, tracks);
        this.#options.life.check();
        this.#own.add(purpose, tracks);
      });
    } catch (thrown) {
      stopAll(tracks);
      throw thrown;
    }
  }

  #drop(purpose: Purpose, kinds: readonly Kind[]): void {
    this.#options.connection()?.sending.drop(purpose, kinds);
    this.#own.remove(purpose, kinds);
  }

  /** The user may end the sharing by the browser's own button. */
  #endWith(screen: MediaStreamTrack): void {
    const end = () => {
      if (this.#own.track("m.screenshare", "video") === screen) this.stopSharing();
    };
    if (screen.readyState === "ended") end();
    else screen.addEventListener("ended", end);
  }

  /** What opens when the session has been closed, or when it is no longer wanted, must not stay on. */
  #assertUsable(opened: MediaStream, isWanted = true): void {
    if (isWanted && !this.#options.life.ended) return;
    stopAll(opened.getTracks());
    throw closedError();
  }
}

function stopAll(tracks: readonly MediaStreamTrack[]): void {
  for (const track of tracks) track.stop();
}
