/** What becomes of our devices in the course of a call. Loaded when the first has opened, or is to be changed. */
import type { AbortSignalLike, Capture, ChangeOptions, Purpose, ScreenOptions } from "../streams/contract.ts";
import { assertAgreed } from "./agreed.ts";
import type { Devices, Kind } from "./capture.ts";
import type { Capturing, CapturingOptions } from "./capturing.ts";
import { openRest } from "./device-failure.ts";
import { Following } from "./following.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Queue } from "./queue.ts";
import { openScreen } from "./screen.ts";
import type { Tools } from "./tools.ts";
import { Unreceived } from "./unreceived.ts";

// With what a failure takes in one piece: each piece costs its overhead.
export { openRest };

/** The time that a change may take: until it is aborted, or too far on for that. */
class Abortable {
  readonly life: Lifetime;
  readonly #signal: AbortSignalLike | undefined;
  readonly #abort: () => void;

  constructor({ Lifetime, TrunklineError }: Tools, signal?: AbortSignalLike) {
    this.life = new Lifetime();
    this.#signal = signal;
    this.#abort = () =>
      this.life.end(new TrunklineError("aborted", "Aborted by the signal: nothing has changed."));
    if (signal?.aborted) this.#abort();
    signal?.addEventListener("abort", this.#abort);
  }

  /** Runs the work until it is done or aborted. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.life.run(work);
    } finally {
      this.#release();
    }
  }

  /** From now on it cannot be aborted. Throws where it was. */
  commit(): void {
    this.#release();
    this.life.check();
  }

  #release(): void {
    this.#signal?.removeEventListener("abort", this.#abort);
  }
}

/** Switches, adds and ends devices and the screen, one change after the other. */
export class DeviceChanges {
  readonly #tools: Tools;
  readonly #capturing: Capturing;
  readonly #options: CapturingOptions;
  readonly #queue: Queue;
  readonly #following: Following;
  readonly #unreceived: Unreceived;

  constructor(tools: Tools, capturing: Capturing) {
    this.#tools = tools;
    this.#queue = new tools.Queue();
    this.#capturing = capturing;
    this.#options = capturing.options;
    this.#following = new Following(tools, capturing, this);
    this.#unreceived = new Unreceived(tools, capturing);
  }

  /** To be called when devices have opened, or there is another connection. */
  follow(): void {
    this.#following.sync();
    this.#unreceived.watch();
    this.#unreceived.check();
  }

  /** As `MediaSession.change()`. */
  change(capture: Capture, { signal }: ChangeOptions): Promise<void> {
    const time = new Abortable(this.#tools, signal);
    const { KINDS, kindsOf, only } = this.#tools;
    const unwanted = KINDS.filter((kind) => capture[kind] === false);
    const change = async () => {
      await time.life.run(async () => this.#capturing.opened);
      const wanted = kindsOf(capture).filter((kind) => !this.#stays(capture, kind));
      this.#assertAgreed("m.usermedia", wanted);
      if (wanted.length > 0) await this.switchTo(only(capture, wanted), time);
      time.commit();
      this.#capturing.drop("m.usermedia", unwanted);
      const named = KINDS.filter((kind) => wanted.includes(kind) || unwanted.includes(kind));
      this.#capturing.asked = { ...this.#capturing.asked, ...only(capture, named) };
    };
    return time.run(() => {
      // What the user turns off is off at once, though a change before it may wait at a prompt; and again when its turn comes.
      if (kindsOf(capture).length === 0) {
        time.commit();
        this.#capturing.drop("m.usermedia", unwanted);
      }
      return this.queue(change);
    });
  }

  /** As `MediaSession.shareScreen()`, until the sharing is over. */
  shareScreen({ signal, ...options }: ScreenOptions, sharing: Lifetime): Promise<void> {
    const time = new Abortable(this.#tools, signal);
    const share = async () => {
      const connection = this.#options.connection();
      // While our answer is made it is not known yet.
      if (connection?.answered || connection?.peer.pc.signalingState === "have-local-offer")
        this.#assertAgreed("m.screenshare", ["video"]);
      // One stream has one sound: the microphone's.
      const asked = connection?.sending.oneStream ? { ...options, audio: false } : options;
      const opened = await this.#open(
        () => openScreen(this.#tools, this.#options.devices(), asked),
        time.life,
        sharing,
      );
      await this.#send("m.screenshare", opened, time, sharing);
      if (opened.getAudioTracks().length === 0) this.#capturing.drop("m.screenshare", ["audio"]);
      for (const screen of opened.getVideoTracks()) this.#endWith(screen);
    };
    return time.run(share);
  }

  /** Runs one change of devices, when those before it are done. */
  queue<T>(work: () => Promise<T>): Promise<T> {
    return this.#queue.run(work);
  }

  /**
   * Opens these and sends them in place of the ones before, without a gap. Where only one device can be open at a time,
   * as on most phones, the one before is released first, and opened again where that does not help.
   */
  async switchTo(capture: Capture, time = new Abortable(this.#tools)): Promise<void> {
    const { own } = this.#options;
    const { kindsOf, stopAll, TrunklineError } = this.#tools;
    const open = () => this.#openAll(capture, time.life);
    let opened: MediaStream;
    try {
      opened = await open();
    } catch (thrown) {
      const before = kindsOf(capture).flatMap((kind) => own.track("m.usermedia", kind) ?? []);
      const held = before.filter(({ readyState }) => readyState === "live");
      if (!(thrown instanceof TrunklineError && thrown.code === "media_busy") || held.length === 0)
        throw thrown;
      const again = Object.fromEntries(held.map((track) => this.#askAgain(track)));
      stopAll(held);
      try {
        opened = await open();
      } catch (failed) {
        await this.#reopen(again);
        throw failed;
      }
    }
    await this.#send("m.usermedia", opened, time);
  }

  /** Opens what was released for another that did not open. */
  async #reopen(capture: Capture): Promise<void> {
    const time = new Abortable(this.#tools);
    const { own, warn } = this.#options;
    try {
      const opened = await this.#openAll(capture, time.life);
      await this.#send("m.usermedia", opened, time);
    } catch (thrown) {
      own.show();
      if (thrown instanceof this.#tools.TrunklineError) warn(thrown);
    }
  }

  /** What opens the very device of this track again. */
  #askAgain(track: MediaStreamTrack): readonly [Kind, object] {
    const asked = this.#capturing.asked[kindOf(track)];
    const { deviceId } = track.getSettings();
    return [kindOf(track), { ...(typeof asked === "object" && asked), ...(deviceId && { deviceId }) }];
  }

  /** A device that works, with nothing else asked of it, stays as it is. */
  #stays(capture: Capture, kind: Kind): boolean {
    return capture[kind] === true && this.#options.own.track("m.usermedia", kind)?.readyState === "live";
  }

  #assertAgreed(purpose: Purpose, kinds: readonly Kind[]): void {
    const connection = this.#options.connection();
    if (connection) assertAgreed(this.#tools, connection, purpose, kinds);
  }

  #lasts(...times: readonly Lifetime[]): boolean {
    return !this.#options.life.ended && times.every(({ ended }) => !ended);
  }

  /** Opens all of it, or rejects with the coded error of what is missing. */
  #openAll(capture: Capture, time: Lifetime): Promise<MediaStream> {
    const { openDevices, stopAll } = this.#tools;
    const devices: Devices | undefined = this.#options.devices();
    const open = async () => {
      try {
        return await openDevices(devices, capture);
      } catch (thrown) {
        const isWanted = () => this.#lasts(time);
        const { stream, warning } = await openRest(this.#tools, devices, capture, thrown, { isWanted });
        stopAll(stream.getTracks());
        throw warning;
      }
    };
    return this.#open(open, time);
  }

  /** What is no longer wanted is not asked for, and what opens then must not stay on. */
  #open(
    open: () => Promise<MediaStream>,
    ...times: readonly [Lifetime, ...Lifetime[]]
  ): Promise<MediaStream> {
    return times[0].run(async () => {
      const opened = this.#lasts(...times) ? await open() : undefined;
      if (opened && this.#lasts(...times)) return opened;
      this.#tools.stopAll(opened?.getTracks() ?? []);
      throw new this.#tools.TrunklineError("closed", "It is too late to open it.");
    });
  }

  /** Sends what was opened, and only then stops what it replaces. */
  async #send(purpose: Purpose, opened: MediaStream, time: Abortable, sharing?: Lifetime): Promise<void> {
    const { own, life, connecting } = this.#options;
    const tracks = opened.getTracks();
    own.prepare(purpose, tracks);
    try {
      const connection = await time.life.run(async () => connecting());
      if (!connection)
        throw new this.#tools.TrunklineError("wrong_state", "There is no call to send this in any more.");
      await connection.change(async () => {
        time.commit();
        sharing?.check();
        this.#assertAgreed(purpose, tracks.map(kindOf));
        await connection.sending.send(purpose, tracks);
        life.check();
        if (sharing?.ended) connection.sending.drop(purpose, this.#tools.KINDS);
        sharing?.check();
        own.add(purpose, tracks);
        this.#following.sync();
        this.#unreceived.watch();
      });
    } catch (thrown) {
      this.#tools.stopAll(tracks);
      throw thrown;
    }
  }

  /** The user may end the sharing by the browser's own button. */
  #endWith(screen: MediaStreamTrack): void {
    const end = () => {
      if (this.#options.own.track("m.screenshare", "video") === screen) this.#capturing.stopSharing();
    };
    if (screen.readyState === "ended") end();
    else screen.addEventListener("ended", end);
  }
}

function kindOf({ kind }: MediaStreamTrack): Kind {
  return kind as Kind;
}
