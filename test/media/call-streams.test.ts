import { describe, expect, it } from "vitest";
import { infoOf, matchStreams, ShownStreams } from "../../src/media/call-streams.ts";
import type { CallStream, StreamInfo } from "../../src/streams/contract.ts";
import { FakeMediaStream } from "./media-stream.ts";

const camera = new FakeMediaStream("camera", ["audio", "video"]);
const screen = new FakeMediaStream("screen", ["video"]);
const unnamed = new FakeMediaStream("ours", ["audio"]);
const info = (id: string, more: object = {}) =>
  ({ id, purpose: "m.usermedia", audioMuted: false, videoMuted: false, ...more }) as StreamInfo;
const shared = info("screen", { purpose: "m.screenshare" });
const match = (
  arrived: readonly FakeMediaStream[],
  described?: readonly StreamInfo[],
  nameless?: FakeMediaStream,
) =>
  matchStreams(
    arrived as unknown as MediaStream[],
    described,
    nameless as unknown as MediaStream,
  ) as unknown as CallStream<FakeMediaStream>[];

describe("matchStreams", () => {
  it("P26 without metadata takes the first stream only: that with a track, where there is one", () => {
    expect(match([camera, screen])).toEqual([{ ...info("camera"), stream: camera }]);
    expect(match([])).toEqual([]);
    const empty = new FakeMediaStream("empty", []);
    expect(match([empty, camera]).map(({ id }) => id)).toEqual(["camera"]);
    expect(match([empty])).toEqual([
      { ...info("empty", { audioMuted: true, videoMuted: true }), stream: empty },
    ]);
  });

  it("P26 with metadata takes the listed streams, and only those", () => {
    expect(match([camera, screen], [shared])).toEqual([{ ...shared, audioMuted: true, stream: screen }]);
    expect(match([camera, screen], [])).toEqual([]);
    expect(match([camera], [info("camera", { purpose: "toString" })])).toEqual([]);
    expect(match([], [info("camera")])).toEqual([]);
  });

  it("P26 orders by purpose, then as they arrived, whatever the order of the metadata", () => {
    const second = new FakeMediaStream("second", ["video"]);
    const listed = [info("camera"), shared, info("second")];
    for (const order of permutations(listed)) {
      expect(match([screen, camera, second], order).map(({ id }) => id)).toEqual([
        "camera",
        "second",
        "screen",
      ]);
    }
  });

  it("P26 takes a stream without a name for what is listed from the camera and has not arrived", () => {
    expect(match([unnamed], undefined, unnamed).map(({ id }) => id)).toEqual(["ours"]);
    const voice = { ...info("theirs", { videoMuted: true }), stream: unnamed };
    expect(match([unnamed, screen], [shared, info("theirs")], unnamed)[0]).toEqual(voice);
    expect(match([unnamed, camera], [info("camera")], unnamed).map(({ id }) => id)).toEqual(["camera"]);
    expect(match([unnamed], [shared], unnamed)).toEqual([]);
    expect(match([unnamed], [], unnamed)).toEqual([]);
  });

  it("shows a stream that is listed twice once", () => {
    const listed = [info("camera"), info("camera", { audioMuted: true })];
    expect(match([camera], listed)).toEqual([{ ...info("camera"), stream: camera }]);
  });

  it("P27 passes on the flags, a kind that is not there being muted, and P43 nothing else", () => {
    const listed = info("camera", { videoMuted: true, stream: "theirs", extra: 1 });
    expect(match([camera], [listed])).toEqual([{ ...info("camera", { videoMuted: true }), stream: camera }]);
    for (const described of [undefined, [info("ours")]]) {
      expect(match([unnamed], described)[0]).toMatchObject({ audioMuted: false, videoMuted: true });
    }
  });
});

describe("the streams that are shown", () => {
  const shown = { ...info("camera"), stream: camera };
  const emitted = (...lists: readonly (readonly object[])[]) => {
    const shown$ = new ShownStreams();
    let count = -1;
    shown$.subscribe(() => {
      count++;
    });
    for (const list of lists) shown$.show(list as CallStream<MediaStream>[]);
    return count;
  };

  it.each([
    ["the same", [{ ...shown }], 1],
    ["another flag", [{ ...shown, audioMuted: true }], 2],
    ["another purpose", [{ ...shown, purpose: "m.screenshare" as const }], 2],
    ["another stream of the same id", [{ ...shown, stream: new FakeMediaStream("camera", ["audio"]) }], 2],
    ["one more", [shown, { ...shown, stream: screen }], 2],
    ["none", [], 2],
  ])("are emitted when they change: %s", (_, after, count) => {
    expect(emitted([shown], after)).toBe(count);
  });

  it("are emitted when a track is added or removed, and as an empty list in the end", () => {
    const stream = new FakeMediaStream("camera", ["audio"]);
    const shown$ = new ShownStreams();
    const emissions: (number | "end")[] = [];
    const observe = () =>
      shown$.subscribe({
        next: (streams) => emissions.push(streams.length),
        complete: () => emissions.push("end"),
      });
    const show = () => shown$.show([{ ...info("camera"), stream: stream as unknown as MediaStream }]);
    observe();
    show();
    const track = stream.put("video");
    show();
    stream.removeTrack(track);
    show();
    show();
    expect(emissions).toEqual([0, 1, 1, 1]);
    shown$.close();
    observe();
    expect(emissions).toEqual([0, 1, 1, 1, 0, "end", 0, "end"]);
  });
});

it("infoOf leaves the stream out", () => {
  expect(infoOf({ ...info("camera"), stream: camera } as StreamInfo)).toEqual(info("camera"));
});

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((each, index) => permutations(list.toSpliced(index, 1)).map((rest) => [each, ...rest]));
}
