import type { Capture, ChangeOptions, Purpose, ScreenOptions } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import { type Devices, KINDS, type Kind, kindsOf, openDevices, stopAll } from "./capture.ts";
import type { Connection } from "./connection.ts";
import type { DeviceChanges } from "./device-changes.ts";
import { closedError, Lifetime } from "./lifetime.ts";
import type { OwnStreams } from "./own-streams.ts";
import { TOOLS } from "./tools.ts";

/** What is opened on this side, and by which connection it is sent. */
export interface CapturingOptions {
  readonly own: OwnStreams;
  readonly life: Lifetime;
  readonly devices: () => Devices | undefined;
  /** The connection, when there is one, and now. */
  readonly connecting: () => Promise<Connection> | undefined;
  readonly connection: () => Connection | undefined;
  /** Takes what failed without ending the call. */
  readonly warn: (warning: TrunklineError) => void;
}

/**
 * Our microphone, camera and screen: opened, and stopped. What happens to them in the course of a call is in
 * `device-changes.ts`, which is loaded when the first device has opened.
 */
export class Capturing {
  readonly options: CapturingOptions;
  /** What was asked for last, of each kind. */
  asked: Capture = {};
  #opening: Promise<void> | undefined;
  #changes: Promise<DeviceChanges> | undefined;
  /** Until the sharing of a screen is stopped. */
  #sharing = new Lifetime();

  constructor(options: CapturingOptions) {
    this.options = options;
  }

  /** The kinds that our devices send, or will send. */
  get kinds(): readonly Kind[] {
    return kindsOf(this.asked);
  }

  /** Settles when the devices have opened the first time. */
  get opened(): Promise<void> | undefined {
    return this.#opening;
  }

  /**
   * Opens the devices the first time; after that they are used again, whatever is asked for (P21). Where the microphone
   * is not `essential`, a camera alone will do.
   */
  open(capture: Capture, essential = true): Promise<void> {
    if (!this.#opening) {
      this.asked = capture;
      const isWanted = () => opening === this.#opening && !this.options.life.ended;
      const opening: Promise<void> =
        this.kinds.length > 0 ? this.#open(capture, isWanted, essential) : Promise.resolve();
      this.#opening = opening;
      opening.catch(() => {});
    }
    return this.#opening;
  }

  /** Stops the devices, also those that are about to open: the next time is the first. */
  reset(): void {
    this.#opening = undefined;
    this.asked = {};
    this.options.own.remove("m.usermedia", KINDS);
  }

  async change(capture: Capture, options: ChangeOptions): Promise<void> {
    await (await this.#load()).change(capture, options);
  }

  shareScreen(options: ScreenOptions): Promise<void> {
    const sharing = this.#sharing;
    return sharing.run(async () => (await this.#load()).shareScreen(options, sharing));
  }

  stopSharing(): void {
    this.#sharing.end(new TrunklineError("aborted", "Sharing was stopped."));
    this.#sharing = new Lifetime();
    this.drop("m.screenshare", KINDS);
  }

  /** Sends no more of these kinds, and stops their devices. */
  drop(purpose: Purpose, kinds: readonly Kind[]): void {
    this.options.connection()?.sending.drop(purpose, kinds);
    this.options.own.remove(purpose, kinds);
  }

  /** To be called when there is another connection, and when a device has opened. */
  follow(): void {
    if (this.#opening)
      this.#load()
        .then((changes) => changes.follow())
        .catch(() => {}); // the call goes on without
  }

  async #open(capture: Capture, isWanted: () => boolean, essential: boolean): Promise<void> {
    const { devices, own, warn } = this.options;
    const opened = await openDevices(devices(), capture).catch(async (thrown: unknown) => {
      const { openRest } = await import("./device-changes.ts");
      const { stream, warning } = await openRest(TOOLS, devices(), capture, thrown, { isWanted, essential });
      if (warning && isWanted()) warn(warning);
      return stream;
    });
    // What opens when the session has been closed, or when it is no longer wanted, must not stay on.
    if (!isWanted()) {
      stopAll(opened.getTracks());
      throw closedError();
    }
    own.add("m.usermedia", opened.getTracks());
    this.follow();
  }

  /** Where it cannot be loaded, as without a network, it is tried again the next time. */
  #load(): Promise<DeviceChanges> {
    this.#changes ??= import("./device-changes.ts").then(
      ({ DeviceChanges }) => new DeviceChanges(TOOLS, this),
      (thrown) => {
        this.#changes = undefined;
        throw thrown;
      },
    );
    return this.#changes;
  }
}
