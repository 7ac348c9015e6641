/** Devices, tracks and a connection for unit tests of what becomes of them. */
import { BehaviorSubject } from "rxjs";
import { Capturing } from "../../src/media/capturing.ts";
import type { Connection } from "../../src/media/connection.ts";
import { closedError, Lifetime } from "../../src/media/lifetime.ts";
import { OwnStreams } from "../../src/media/own-streams.ts";
import type { Capture } from "../../src/streams/contract.ts";
import type { TrunklineError } from "../../src/streams/errors.ts";

type Kind = "audio" | "video";

/** Knows how many listen to it. */
export class Listened extends EventTarget {
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }
}

export class Track extends Listened {
  readonly kind: Kind;
  readonly deviceId: string;
  readonly groupId: string;
  enabled = true;
  muted = false;
  readyState: "live" | "ended" = "live";

  constructor(kind: Kind, deviceId: string, groupId = `group of ${deviceId}`) {
    super();
    this.kind = kind;
    this.deviceId = deviceId;
    this.groupId = groupId;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** As when it is unplugged. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? "mute" : "unmute"));
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId, groupId: this.groupId };
  }
}

class Stream {
  readonly id = "stream";
  #tracks: Track[] = [];
  constructor(tracks: Track[] = []) {
    this.#tracks = tracks;
  }
  getTracks = () => [...this.#tracks];
  getAudioTracks = () => this.#tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = () => this.#tracks.filter(({ kind }) => kind === "video");
  addTrack = (track: Track) => this.#tracks.push(track);
  removeTrack(track: Track) {
    this.#tracks = this.#tracks.filter((each) => each !== track);
  }
}

/** What opens devices; each is in one of the lists, the first of which is the system's choice. */
export class Inputs extends Listened {
  readonly present = { audio: ["mic"], video: ["front"] };
  readonly opened: Track[] = [];
  /** What was asked for, in order. */
  readonly asked: unknown[] = [];
  /** Whether only one of a kind can be open at a time, and which devices never open. */
  exclusive = false;
  broken: readonly string[] = [];
  waiting: Promise<unknown> | undefined;

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    await this.waiting;
    const tracks = (["audio", "video"] as const).flatMap((kind) => {
      const options = constraints[kind];
      if (!options) return [];
      const { deviceId, facingMode } = (typeof options === "object" ? options : {}) as MediaTrackConstraints;
      const id = (deviceId as { exact?: string } | undefined)?.exact ?? facingMode ?? this.present[kind][0];
      if (!id || !this.present[kind].includes(id as string)) throw failure("NotFoundError");
      const isBusy = this.exclusive && this.opened.some((track) => track.kind === kind && isLive(track));
      if (isBusy || this.broken.includes(id as string)) throw failure("NotReadableError");
      return [new Track(kind, id as string)];
    });
    this.opened.push(...tracks);
    return new Stream(tracks) as never;
  }

  /** From now on devices open when what is returned is called. */
  wait(): () => void {
    let open = () => {};
    this.waiting = new Promise<void>((resolve) => {
      open = resolve;
    });
    return () => open();
  }

  async enumerateDevices(): Promise<unknown> {
    return (["audio", "video"] as const).flatMap((kind) =>
      this.present[kind].map((deviceId) => ({
        kind: `${kind}input`,
        deviceId,
        groupId: `group of ${deviceId}`,
      })),
    );
  }

  /** A device goes, or comes, and the browser reports it. */
  unplug(kind: Kind, deviceId: string): void {
    this.present[kind] = this.present[kind].filter((id) => id !== deviceId);
    for (const track of this.opened) if (track.deviceId === deviceId && isLive(track)) track.end();
    this.report();
  }

  plugIn(kind: Kind, deviceId: string): void {
    this.present[kind] = [deviceId, ...this.present[kind]];
    this.report();
  }

  report(): void {
    this.dispatchEvent(new Event("devicechange"));
  }

  get live(): readonly string[] {
    return this.opened.filter(isLive).map(({ deviceId }) => deviceId);
  }
}

/** A transceiver as the browser describes it. */
export interface FakeLine {
  readonly purpose: "m.usermedia" | "m.screenshare";
  readonly kind: Kind;
  sends: boolean;
  track: unknown;
  readonly transceiver: { direction: string; currentDirection: string | null };
}

/** A call that sends what `capture` opened. */
export async function sending(capture: Capture, inputs = new Inputs()) {
  const life = new Lifetime();
  const own = new OwnStreams(() => new Stream() as never);
  const warnings: TrunklineError[] = [];
  const sent: string[] = [];
  const lines: FakeLine[] = [];
  const pc = Object.assign(new EventTarget(), {
    signalingState: "stable",
    currentLocalDescription: null as { sdp: string } | null,
  });
  const heldByPeer$ = new BehaviorSubject(false);
  const connection = {
    peer: { pc },
    heldByPeer$,
    change: (work: () => Promise<void>) => work(),
    sending: {
      lines,
      async send(_purpose: string, tracks: readonly Track[]) {
        sent.push(...tracks.map(({ deviceId }) => deviceId));
      },
      drop: (_purpose: string, kinds: readonly Kind[]) => sent.push(...kinds.map((kind) => `no ${kind}`)),
    },
  } as never as Connection;
  let present: Connection | undefined = connection;
  const capturing = new Capturing({
    own,
    life,
    devices: () => inputs as never,
    connecting: () => (present ? Promise.resolve(present) : undefined),
    connection: () => present,
    warn: (warning) => warnings.push(warning),
  });
  await capturing.open(capture);
  // What follows devices is loaded, and has begun.
  await capturing.change({}, {});
  const flags = () =>
    own.shown$.value.map(
      ({ audioMuted, videoMuted }) => `${audioMuted ? "-" : "a"}${videoMuted ? "-" : "v"}`,
    )[0];
  return {
    inputs,
    capturing,
    own,
    warnings,
    sent,
    lines,
    pc,
    heldByPeer$,
    flags,
    /** What is sent now. */
    track: (kind: Kind) => own.track("m.usermedia", kind) as unknown as Track,
    loseConnection() {
      present = undefined;
    },
    close() {
      life.end(closedError());
      own.close();
    },
  };
}

export function failure(name: string): Error {
  return Object.assign(new Error("as the browser puts it"), { name });
}

function isLive({ readyState }: Track): boolean {
  return readyState === "live";
}
