import { describe, expect, it } from "vitest";
import { holdBack } from "../../src/media/held-back.ts";

const host = "candidate:1 1 udp 2122 192.0.2.1 4000 typ host";
const relay = "candidate:2 1 udp 2122 192.0.2.2 4000 typ relay";

describe("P45 what is held back of an offer", () => {
  it("is each candidate, with the section that it stands in, and the end marker", () => {
    const sdp = `v=0\r\nm=audio 9\r\na=${host}\r\na=mid:0\r\na=end-of-candidates\r\nm=video 9\r\na=${relay}\r\n`;
    expect(holdBack({ type: "offer", sdp })).toEqual([
      { type: "offer", sdp: "v=0\r\nm=audio 9\r\na=mid:0\r\nm=video 9\r\n" },
      [
        { candidate: host, sdpMLineIndex: 0 },
        { candidate: "", sdpMLineIndex: 0 },
        { candidate: relay, sdpMLineIndex: 1 },
      ],
    ]);
  });

  it.each([
    ["lines that end in LF", `v=0\nm=audio 9\na=${host}\n`],
    ["lines that end in CR", `v=0\rm=audio 9\ra=${host}\r`],
    ["a line that hides behind another's CR", `v=0\r\nm=audio 9\r\na=tool:x\ra=${host}\r\n`],
    ["capitals", `v=0\r\nm=audio 9\r\nA=${host}\r\na=${host.replace("candidate", "CANDIDATE")}\r\n`],
    ["a space before the name", `v=0\r\nm=audio 9\r\na= ${host}\r\n`],
    ["candidates before the first section", `v=0\r\na=${host}\r\nm=audio 9\r\n`],
    ["remote-candidates", "v=0\r\nm=audio 9\r\na=remote-candidates:1 192.0.2.1 4000\r\n"],
  ])("leaves none behind: %s", (_, sdp) => {
    const [{ sdp: rest }] = holdBack({ type: "offer", sdp });
    expect(rest).not.toMatch(/192\.0\.2\.1/);
    expect(rest).toMatch(/^v=0\r\n.*m=audio 9/s);
  });

  it("leaves an SDP without any as it is", () => {
    const sdp = "v=0\r\nm=audio 9\r\na=mid:candidate\r\na=rtpmap:96 candidate/90000\r\n";
    expect(holdBack({ type: "offer", sdp })).toEqual([{ type: "offer", sdp }, []]);
  });
});
