import { describe, expect, it } from "vitest";
import { directionFor, holdsUs } from "../../src/media/directions.ts";

describe("P19 directionFor", () => {
  it.each([
    ["m.usermedia", true, false, "sendrecv"],
    ["m.usermedia", false, false, "recvonly"],
    ["m.usermedia", true, true, "sendonly"],
    ["m.usermedia", false, true, "inactive"],
    ["m.screenshare", true, false, "sendonly"],
    ["m.screenshare", false, false, "inactive"],
    ["m.screenshare", true, true, "sendonly"],
    ["m.screenshare", false, true, "inactive"],
    [undefined, false, false, "recvonly"],
    [undefined, false, true, "inactive"],
  ] as const)("for %s, sends %s, held %s, is %s", (purpose, sends, held, direction) => {
    expect(directionFor({ ...(purpose && { purpose }), sends, held })).toBe(direction);
  });
});

/** An SDP of these sections: a direction, `-` for none, with what else its lines say. */
const sdp = (...sections: readonly string[]) =>
  [
    "v=0",
    ...sections.flatMap((section) =>
      section.split(" ").map((line, n) => (n === 0 ? head(line) : `a=${line}`)),
    ),
  ]
    .join("\r\n")
    .concat("\r\n");
const head = (media: string) => `m=${media.replace(":", " ")} UDP/TLS/RTP/SAVPF 96`;
const offer = (...sections: readonly string[]) => ({ type: "offer" as const, sdp: sdp(...sections) });
const answer = (...sections: readonly string[]) => ({ type: "answer" as const, sdp: sdp(...sections) });

describe("P19 holdsUs", () => {
  it.each([
    ["both ways", offer("audio:9 sendrecv"), false],
    ["no direction is both ways", offer("audio:9"), false],
    ["sendonly", offer("audio:9 sendonly", "video:9 sendonly"), true],
    ["inactive", offer("audio:9 inactive"), true],
    ["who only listens", offer("audio:9 recvonly", "video:9 inactive"), false],
    ["a screen beside the microphone", offer("audio:9 sendrecv", "video:9 sendonly"), false],
    ["a section that was rejected", offer("audio:9 sendonly", "video:0 sendrecv"), true],
    ["a section on another's transport", offer("audio:9 sendonly", "video:0 bundle-only sendrecv"), false],
    ["a channel has no direction", offer("audio:9 sendonly", "application:9"), true],
    ["only a channel", offer("application:9"), undefined],
    ["nothing", offer(), undefined],
  ])("of an offer: %s", (_, description, held) => {
    expect(holdsUs(description, undefined)).toBe(held);
  });

  it.each([
    ["to what we would have sent", answer("audio:9 sendonly"), sdp("audio:9 sendrecv"), true],
    ["that takes what we send", answer("audio:9 recvonly"), sdp("audio:9 sendonly"), false],
    ["on hold to our hold", answer("audio:9 inactive"), sdp("audio:9 sendonly"), true],
    [
      "to what we only listen to does not tell",
      answer("audio:9 sendonly"),
      sdp("audio:9 recvonly"),
      undefined,
    ],
    ["to nothing does not tell", answer("audio:9 inactive"), sdp("audio:9 inactive"), undefined],
    [
      "by the section that tells",
      answer("audio:9 sendonly", "video:9 sendonly"),
      sdp("audio:9 sendrecv", "video:9 recvonly"),
      true,
    ],
  ])("of an answer %s", (_, description, ours, held) => {
    expect(holdsUs(description, ours)).toBe(held);
  });

  it("takes a direction for all sections, and lines that end with LF alone", () => {
    expect(holdsUs({ type: "offer", sdp: "v=0\na=sendonly\nm=audio 9 RTP/AVP 0\n" }, undefined)).toBe(true);
    const overridden = "v=0\r\na=sendonly\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n";
    expect(holdsUs({ type: "offer", sdp: overridden }, undefined)).toBe(false);
  });
});
