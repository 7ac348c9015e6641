import { describe, expect, it } from "vitest";
import { infoOf, matchStreams, sameStreams } from "../../src/media/call-streams.ts";
import type { StreamInfo } from "../../src/streams/contract.ts";

const camera = { id: "camera" };
const screen = { id: "screen" };
const info = (id: string, more: object = {}) =>
  ({ id, purpose: "m.usermedia", audioMuted: false, videoMuted: false, ...more }) as StreamInfo;

describe("matchStreams", () => {
  it("P26 without metadata takes the first stream only", () => {
    expect(matchStreams([camera, screen], undefined)).toEqual([{ ...info("camera"), stream: camera }]);
    expect(matchStreams([], undefined)).toEqual([]);
  });

  it("P26 with metadata takes the listed streams, and only those", () => {
    const shared = info("screen", { purpose: "m.screenshare" });
    expect(matchStreams([camera, screen], [shared])).toEqual([{ ...shared, stream: screen }]);
    expect(matchStreams([camera, screen], [])).toEqual([]);
    expect(matchStreams([camera], [info("camera", { purpose: "toString" })])).toEqual([]);
    expect(matchStreams([], [info("camera")])).toEqual([]);
  });

  it("shows a stream that is listed twice once", () => {
    const listed = [info("camera"), info("camera", { audioMuted: true })];
    expect(matchStreams([camera], listed)).toEqual([{ ...info("camera"), stream: camera }]);
  });

  it("P27 passes on the flags and P43 nothing else", () => {
    const listed = info("camera", { videoMuted: true, stream: "theirs", extra: 1 });
    expect(matchStreams([camera], [listed])).toEqual([
      { ...info("camera", { videoMuted: true }), stream: camera },
    ]);
  });
});

describe("sameStreams", () => {
  const shown = { ...info("camera"), stream: camera };

  it.each([
    ["the same", [{ ...shown }], true],
    ["another flag", [{ ...shown, audioMuted: true }], false],
    ["another purpose", [{ ...shown, purpose: "m.screenshare" as const }], false],
    ["another stream of the same id", [{ ...shown, stream: { id: "camera" } }], false],
    ["one more", [shown, { ...shown, stream: screen }], false],
    ["none", [], false],
  ])("%s", (_, after, same) => {
    expect(sameStreams([shown], after)).toBe(same);
  });
});

it("infoOf leaves the stream out", () => {
  expect(infoOf({ ...info("camera"), stream: camera } as StreamInfo)).toEqual(info("camera"));
});
