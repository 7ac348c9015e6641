import { debounceTime, fromEvent, merge, type Subscription } from "rxjs";
import type { Capture } from "../streams/contract.ts";
import type { TrunklineError } from "../streams/errors.ts";
import type { Kind } from "./capture.ts";
import type { Capturing, CapturingOptions } from "./capturing.ts";
import type { DeviceChanges } from "./device-changes.ts";
import { mayOpen, NAMES } from "./device-failure.ts";
import type { Tools } from "./tools.ts";

/** Systems report a device that comes or goes several times: this long after the last report, in ms, we look. */
const SETTLE_MS = 250;

/** What browsers list or name besides real devices: whichever the system would choose. */
const ALIASES: readonly (string | undefined)[] = ["default", "communications", "", undefined];

/** The device that a kind is sent from. */
interface Place {
  readonly track: MediaStreamTrack;
  /** The device that was chosen, by the app or the browser; another than the track's while it is away. */
  readonly chosen: MediaTrackSettings;
  readonly listening: Subscription;
}

/**
 * Follows microphone and camera while they end, come back, and are muted by the system. One that ends is replaced by
 * another unless the app named it, and is used again when it is back. `localStreams$` shows each of it at once.
 */
export class Following {
  readonly #tools: Tools;
  readonly #capturing: Capturing;
  readonly #options: CapturingOptions;
  readonly #changes: DeviceChanges;
  readonly #places = new Map<Kind, Place>();
  /** The kind that another device is being opened for, in place of the chosen one. */
  #replacing: Kind | undefined;

  constructor(tools: Tools, capturing: Capturing, changes: DeviceChanges) {
    this.#tools = tools;
    this.#capturing = capturing;
    this.#options = capturing.options;
    this.#changes = changes;
    const { devices, own } = this.#options;
    const reports = devices()?.addEventListener && fromEvent(devices() as MediaDevices, "devicechange");
    const looking = reports?.pipe(debounceTime(SETTLE_MS, tools.realClock)).subscribe(() => {
      for (const kind of tools.KINDS) this.#queue(() => this.#look(kind));
    });
    own.shown$.subscribe({
      complete: () => {
        looking?.unsubscribe();
        for (const { listening } of this.#places.values()) listening.unsubscribe();
      },
    });
  }

  /** To be called when there may be other tracks. */
  sync(): void {
    if (this.#options.life.ended) return;
    for (const kind of this.#tools.KINDS) this.#place(kind);
    this.#options.own.show();
  }

  #place(kind: Kind): void {
    const { own } = this.#options;
    const before = this.#places.get(kind);
    const track = this.#track(kind);
    if (before?.track === track) return;
    before?.listening.unsubscribe();
    this.#places.delete(kind);
    if (!track) return;
    const chosen = (this.#replacing === kind && before?.chosen) || track.getSettings();
    const listening = merge(fromEvent(track, "mute"), fromEvent(track, "unmute")).subscribe(() => own.show());
    listening.add(fromEvent(track, "ended").subscribe(() => this.#lose(kind, track)));
    this.#places.set(kind, { track, chosen, listening });
    if (track.readyState === "ended") this.#lose(kind, track);
  }

  /** A device has ended, as none does that we stop. */
  #lose(kind: Kind, track: MediaStreamTrack): void {
    this.#options.own.show();
    this.#queue(async () => {
      if (this.#track(kind) !== track) return;
      this.#options.warn(await this.#lossOf(kind));
      await this.#look(kind);
    });
  }

  /** Has the kind be sent from the chosen device if it is there, else from another. */
  async #look(kind: Kind): Promise<void> {
    const place = this.#places.get(kind);
    if (!place || place.track !== this.#track(kind) || !(await mayOpen(kind))) return;
    const { track, chosen } = place;
    const { deviceId } = optionsOf(this.#capturing.asked, kind);
    const isNamed = !ALIASES.includes(deviceId);
    const present = track.getSettings();
    const isChosen = present.deviceId === chosen.deviceId && present.groupId === chosen.groupId;
    const hasEnded = track.readyState === "ended";
    if (isChosen && !hasEnded) return;
    const found = await this.#find(kind, isNamed ? { deviceId: deviceId as string } : chosen);
    if (hasEnded ? isNamed && !found : !found || found === present.deviceId) return;
    if (place.track !== this.#track(kind)) return;
    // The one that is back is the one to go by from now on; any other stands in for it.
    if (!found) this.#replacing = kind;
    try {
      await this.#changes.switchTo(this.#asking(kind, found));
    } finally {
      this.#replacing = undefined;
    }
  }

  #asking(kind: Kind, deviceId: string | undefined): Capture {
    const { asked } = this.#capturing;
    return deviceId === undefined
      ? this.#tools.only(asked, [kind])
      : { [kind]: { ...optionsOf(asked, kind), deviceId } };
  }

  /** The id of this device, or of the one behind an alias, if it is there. */
  async #find(
    kind: Kind,
    { deviceId, groupId }: Pick<MediaTrackSettings, "deviceId" | "groupId">,
  ): Promise<string | undefined> {
    const listed = (await this.#options.devices()?.enumerateDevices?.()) ?? [];
    const isIt = (device: MediaDeviceInfo) =>
      ALIASES.includes(deviceId) ? groupId && device.groupId === groupId : device.deviceId === deviceId;
    return listed.find(
      (device) => device.kind === `${kind}input` && !ALIASES.includes(device.deviceId) && isIt(device),
    )?.deviceId;
  }

  /** Why a device has ended: it is gone, or may not be used any more. */
  async #lossOf(kind: Kind): Promise<TrunklineError> {
    const device = NAMES[kind];
    const isAllowed = await mayOpen(kind);
    const message = isAllowed
      ? `The ${device} has ended: another is used if there is one, and it again when it is back.`
      : `The ${device} is not allowed any more: allow it, then change to it.`;
    return new this.#tools.TrunklineError(isAllowed ? "media_missing" : "media_denied", message, { kind });
  }

  #track(kind: Kind): MediaStreamTrack | undefined {
    const { own, life } = this.#options;
    return life.ended ? undefined : own.track("m.usermedia", kind);
  }

  /** One after the other, and after what the app asked for; what does not open now may open at the next report. */
  #queue(work: () => Promise<void>): void {
    this.#changes.queue(work).catch(() => {});
  }
}

function optionsOf(asked: Capture, kind: Kind): { readonly deviceId?: string } {
  const options = asked[kind];
  return typeof options === "object" ? options : {};
}
