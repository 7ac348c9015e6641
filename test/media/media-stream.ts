/** As much of a MediaStream as matching needs: browsers change its tracks in place. */
export class FakeMediaStream {
  readonly id: string;
  #tracks: { readonly kind: string }[] = [];

  constructor(id: string, kinds: readonly string[]) {
    this.id = id;
    for (const kind of kinds) this.put(kind);
  }

  getTracks = () => [...this.#tracks];
  getAudioTracks = () => this.#tracks.filter(({ kind }) => kind === "audio");
  getVideoTracks = () => this.#tracks.filter(({ kind }) => kind === "video");

  addTrack(track: { readonly kind: string }): void {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  removeTrack(track: { readonly kind: string }): void {
    this.#tracks = this.#tracks.filter((each) => each !== track);
  }

  /** Adds a track of this kind. */
  put(kind: string): { readonly kind: string } {
    const track = { kind };
    this.addTrack(track);
    return track;
  }
}
