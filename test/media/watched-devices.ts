/** The page's own devices, and what a test does to them. */
type Kind = "audio" | "video";
const KINDS: readonly Kind[] = ["audio", "video"];

export class WatchedDevices extends EventTarget {
  /** Whether only one camera can be open at a time. */
  oneCamera = false;
  /** All that was opened. */
  readonly #tracks: MediaStreamTrack[];
  readonly #cameras = new Set<MediaStreamTrack>();
  readonly #microphones = new Set<MediaStreamTrack>();
  readonly #denied = new Set<Kind>();
  readonly #missing = new Set<Kind>();
  #prompt: { readonly answered: Promise<void>; readonly answer: () => void } | undefined;
  readonly #permissions = navigator.permissions;

  constructor(tracks: MediaStreamTrack[]) {
    super();
    this.#tracks = tracks;
  }

  async getUserMedia(constraints: MediaStreamConstraints = {}): Promise<MediaStream> {
    await this.#prompt?.answered;
    const asked = KINDS.filter((kind) => constraints[kind]);
    if (asked.some((kind) => this.#denied.has(kind))) throw new DOMException("Denied", "NotAllowedError");
    if (asked.some((kind) => this.#missing.has(kind))) throw new DOMException("None", "NotFoundError");
    if (constraints.video && this.oneCamera && [...this.#cameras].some(isLive)) {
      throw new DOMException("In use", "NotReadableError");
    }
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    for (const track of stream.getTracks()) this.#open(track.kind as Kind).add(track);
    this.#tracks.push(...stream.getTracks());
    return stream;
  }

  async getDisplayMedia(constraints?: DisplayMediaStreamOptions): Promise<MediaStream> {
    await this.#prompt?.answered;
    if (this.#denied.has("video")) throw new DOMException("Denied", "NotAllowedError");
    const stream = await navigator.mediaDevices.getDisplayMedia(constraints);
    this.#tracks.push(...stream.getTracks());
    return stream;
  }

  async enumerateDevices(): Promise<readonly MediaDeviceInfo[]> {
    const listed = await navigator.mediaDevices.enumerateDevices();
    return listed.filter(({ kind }) => !this.#missing.has(kind === "videoinput" ? "video" : "audio"));
  }

  deny(denied: boolean, kind?: Kind): void {
    for (const each of kind ? [kind] : KINDS) {
      if (denied) this.#denied.add(each);
      else this.#denied.delete(each);
    }
  }

  /** As a browser does it: the track ends, without anybody having stopped it. */
  unplug(kind: Kind): void {
    this.#missing.add(kind);
    for (const track of [...this.#open(kind)].filter(isLive)) {
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }
    this.dispatchEvent(new Event("devicechange"));
  }

  plugIn(kind: Kind): void {
    if (this.#missing.delete(kind)) this.dispatchEvent(new Event("devicechange"));
  }

  mute(kind: Kind, muted: boolean): void {
    for (const track of this.#open(kind)) {
      Object.defineProperty(track, "muted", { value: muted, configurable: true });
      track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
    }
  }

  holdPrompts(held: boolean): void {
    this.#prompt?.answer();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    this.#prompt = held ? { answered, answer } : undefined;
  }

  /** Whether the browser says that devices open without a prompt. */
  know(known: boolean): void {
    const query = async () => Object.assign(new EventTarget(), { state: "prompt" });
    const value = known ? this.#permissions : { query };
    Object.defineProperty(navigator, "permissions", { value, configurable: true });
  }

  #open(kind: Kind): Set<MediaStreamTrack> {
    return kind === "video" ? this.#cameras : this.#microphones;
  }
}

function isLive({ readyState }: MediaStreamTrack): boolean {
  return readyState === "live";
}
