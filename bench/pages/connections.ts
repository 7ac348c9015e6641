/** Sees a page's devices and connections from below, whoever's they are: to be loaded before the phone. */
import type { SlowGathering } from "./bench-page.ts";
import { timeline } from "./page-timeline.ts";
import { slowlyGathering } from "./slow-gathering.ts";

/** How long after the gathering candidates may still leave, in ms. matrix-js-sdk collects them for up to 2 s. */
const LAST_CANDIDATES = 3_000;

const { mark } = timeline;
const Native = globalThis.RTCPeerConnection;

function watched(Base: typeof RTCPeerConnection): typeof RTCPeerConnection {
  return class extends Base {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("icegatheringstatechange", () => {
        if (this.iceGatheringState === "complete") gatheringComplete();
      });
      this.addEventListener("iceconnectionstatechange", () => {
        if (["connected", "completed"].includes(this.iceConnectionState)) mark("ICE connected");
      });
      this.addEventListener("connectionstatechange", () => {
        if (this.connectionState === "connected") mark("connected");
      });
      this.addEventListener("track", ({ track }) => watchTrack(track));
    }

    override async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
      await super.setLocalDescription(description);
      mark("description made");
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      if (description.type === "answer") mark("answer received");
      await super.setRemoteDescription(description);
    }
  };
}

/** Not every phone says when it has sent its last candidate: those that do not send nothing more after a while. */
function gatheringComplete(): void {
  mark("gathering complete");
  setTimeout(() => mark("all candidates sent"), LAST_CANDIDATES);
}

/** A track unmutes with its first packet; a frame counts when it is on the screen. */
function watchTrack(track: MediaStreamTrack): void {
  if (track.kind === "audio") {
    track.addEventListener("unmute", () => mark("first audio"));
    return;
  }
  const screen = Object.assign(document.createElement("video"), {
    muted: true,
    autoplay: true,
    srcObject: new MediaStream([track]),
  });
  document.body.append(screen);
  // A screen that stays would be drawn on in the next calls.
  screen.requestVideoFrameCallback(() => {
    mark("first frame");
    screen.remove();
  });
}

export function watchConnections(slow?: SlowGathering): void {
  globalThis.RTCPeerConnection = watched(slow ? slowlyGathering(Native, slow) : Native);
}

const devices = navigator.mediaDevices;
const open = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  mark("devices open");
  return stream;
};
watchConnections();
