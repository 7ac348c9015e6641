import { describe, expect, it } from "vitest";
import { RemoteStreams } from "../../src/media/remote-streams.ts";
import type { StreamInfo } from "../../src/streams/contract.ts";
import { FakeMediaStream } from "./media-stream.ts";

const info = (id: string, purpose = "m.usermedia") =>
  ({ id, purpose, audioMuted: false, videoMuted: false }) as StreamInfo;

/** A transceiver that receives a track of this kind. */
const receiving = (kind: string) => ({ receiver: { track: { kind } }, currentDirection: "sendrecv" });
type Receiving = ReturnType<typeof receiving>;

function setUp() {
  const remote = new RemoteStreams(() => new FakeMediaStream("made here", []) as unknown as MediaStream);
  const emitted: string[] = [];
  const of = ({ id, stream }: { readonly id: string; readonly stream: MediaStream }) =>
    `${id} ${stream.getTracks().map(({ kind }) => kind)}`;
  remote.shown$.subscribe((shown) => emitted.push(shown.map(of).join("; ")));
  return {
    remote,
    /** What has been emitted since the last time. */
    emitted: () => emitted.splice(0),
    arrive(transceiver: Receiving, ...streams: readonly FakeMediaStream[]) {
      for (const stream of streams) stream.addTrack(transceiver.receiver.track);
      remote.arrive({ transceiver, streams } as unknown as RTCTrackEvent);
    },
    settle(...transceivers: readonly Receiving[]) {
      remote.settle(transceivers as unknown as RTCRtpTransceiver[]);
    },
    isScreen: (transceiver: Receiving) => remote.isScreen(transceiver as unknown as RTCRtpTransceiver),
  };
}

describe("the peer's streams", () => {
  it("P26 are shown where its description names none, whatever comes and goes", () => {
    const { arrive, emitted, settle } = setUp();
    const [audio, video] = [receiving("audio"), receiving("video")];
    arrive(audio);
    arrive(video);
    expect(emitted()).toEqual(["", "made here audio", "made here audio,video"]);
    settle(audio, video);
    expect(emitted()).toEqual([]);
    video.currentDirection = "sendonly";
    settle(audio, video);
    expect(emitted()).toEqual(["made here audio"]);
    arrive(video);
    expect(emitted()).toEqual(["made here audio,video"]);
  });

  it("P26 follow a track from a stream to none, of which there is no event, and back", () => {
    const { arrive, emitted, settle } = setUp();
    const audio = receiving("audio");
    const named = new FakeMediaStream("named", []);
    arrive(audio, named);
    named.removeTrack(audio.receiver.track);
    settle(audio);
    arrive(audio, named);
    settle(audio);
    expect(emitted()).toEqual(["", "named audio", "made here audio", "named audio"]);
  });

  it("P26 are those of a peer without metadata, under another id too", () => {
    const { arrive, emitted, settle } = setUp();
    const [audio, video] = [receiving("audio"), receiving("video")];
    const [before, after] = [new FakeMediaStream("before", []), new FakeMediaStream("after", [])];
    arrive(audio, before);
    before.removeTrack(audio.receiver.track);
    arrive(audio, after);
    arrive(video, after);
    settle(audio, video);
    expect(emitted()).toEqual(["", "before audio", "after audio", "after audio,video"]);
  });

  it("are emitted when a negotiation has added a track or removed it", () => {
    const { arrive, emitted, settle } = setUp();
    const stream = new FakeMediaStream("camera", []);
    const audio = receiving("audio");
    arrive(audio, stream);
    const track = stream.put("video");
    settle(audio);
    stream.removeTrack(track);
    settle(audio);
    expect(emitted()).toEqual(["", "camera audio", "camera audio,video", "camera audio"]);
  });

  it("come back as another object of the same id, and are shown once", () => {
    const { arrive, emitted } = setUp();
    const [audio, video] = [receiving("audio"), receiving("video")];
    const [before, after] = [new FakeMediaStream("camera", []), new FakeMediaStream("camera", [])];
    arrive(audio, before);
    arrive(video, before);
    emitted();
    arrive(audio, after);
    expect(emitted()).toEqual(["camera audio"]);
  });

  it("P26 tell of a screen", () => {
    const { arrive, isScreen, remote } = setUp();
    const video = receiving("video");
    remote.describe([info("screen", "m.screenshare")]);
    arrive(video, new FakeMediaStream("screen", []));
    expect([isScreen(video), isScreen(receiving("video"))]).toEqual([true, false]);
    remote.describe([info("screen")]);
    expect(isScreen(video)).toBe(false);
  });

  it("are none once their connection was given up, and those of the next from then on", () => {
    const { arrive, emitted, remote } = setUp();
    arrive(receiving("audio"));
    remote.clear();
    arrive(receiving("video"));
    remote.close();
    expect(emitted()).toEqual(["", "made here audio", "", "made here video", ""]);
  });
});
