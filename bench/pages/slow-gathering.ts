import type { SlowGathering } from "./bench-page.ts";

/**
 * Connections that find their candidates one by one, `gap` ms apart: up to `before` made up ones, at which nobody listens, then
 * their own, then as many made up ones as are missing. Until a candidate is told, no description holds it.
 */
export function slowlyGathering(
  Base: typeof RTCPeerConnection,
  { candidates, gap, before = 0 }: SlowGathering,
): typeof RTCPeerConnection {
  let connections = 0;
  return class extends Base {
    // The golden ratio spreads any number of them.
    readonly #before = Math.round(before * ((++connections * 0.618) % 1));
    readonly #real: RTCIceCandidate[] = [];
    readonly #told: RTCIceCandidate[] = [];
    #timer: ReturnType<typeof setInterval> | undefined;
    #over = false;

    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      // The first listeners of all: whoever comes later hears only what is told here.
      this.addEventListener("icecandidate", (event) => {
        if (!event.isTrusted) return;
        event.stopImmediatePropagation();
        if (event.candidate?.candidate) this.#find(event.candidate);
      });
      this.addEventListener("icegatheringstatechange", (event) => {
        if (event.isTrusted && super.iceGatheringState === "complete") event.stopImmediatePropagation();
      });
    }

    override get iceGatheringState(): RTCIceGatheringState {
      const state = super.iceGatheringState;
      return state === "complete" && !this.#over ? "gathering" : state;
    }

    override get localDescription(): RTCSessionDescription | null {
      const real = super.localDescription;
      return real && new RTCSessionDescription({ type: real.type, sdp: this.#withTold(real.sdp) });
    }

    override close(): void {
      clearInterval(this.#timer);
      super.close();
    }

    #find(candidate: RTCIceCandidate): void {
      this.#real.push(candidate);
      if (this.#timer !== undefined) return;
      this.#tell();
      this.#timer = setInterval(() => this.#tell(), gap);
    }

    #tell(): void {
      const { length } = this.#told;
      const [first] = this.#real;
      if (!first) return;
      if (length < candidates) {
        const candidate = this.#real[length - this.#before] ?? likewise(first, length);
        this.#told.push(candidate);
        this.dispatchEvent(new RTCPeerConnectionIceEvent("icecandidate", { candidate }));
        return;
      }
      clearInterval(this.#timer);
      this.#over = true;
      this.dispatchEvent(new Event("icegatheringstatechange"));
      this.dispatchEvent(new RTCPeerConnectionIceEvent("icecandidate", { candidate: null }));
    }

    /** The first media section carries them all: everything is bundled. */
    #withTold(sdp: string): string {
      const lines = sdp.split("\r\n").filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line));
      const first = lines.findIndex((line) => line.startsWith("m="));
      const next = lines.findIndex((line, index) => index > first && line.startsWith("m="));
      const end = next < 0 ? lines.length - 1 : next;
      const told = this.#told.map(({ candidate }) => `a=${candidate}`);
      return [...lines.slice(0, end), ...told, ...lines.slice(end)].join("\r\n");
    }
  };
}

/** A candidate like this one, at another port of the discard range of this machine's own loopback. */
function likewise(model: RTCIceCandidate, index: number): RTCIceCandidate {
  const words = model.candidate.split(" ");
  words[0] = `candidate:${9_000_000 + index}`;
  words[5] = String(10 + index);
  return new RTCIceCandidate({
    candidate: words.join(" "),
    sdpMid: model.sdpMid,
    sdpMLineIndex: model.sdpMLineIndex,
  });
}
