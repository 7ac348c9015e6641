import { describe, expect, it } from "vitest";
import { placed, RemoteCandidates } from "../../src/media/remote-candidates.ts";

const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: "0" });

describe("RemoteCandidates", () => {
  it("keeps candidates in order until they can be used, and keeps no more after that", () => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    remote.add([candidate(1), candidate(2)]);
    remote.useBy(async (each) => void used.push(each.candidate));
    remote.add([candidate(3)]);
    expect(used).toEqual(["candidate:1", "candidate:2", "candidate:3"]);
  });

  it("P44 keeps 256, the first", () => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    for (let n = 0; n < 10; n++) remote.add(Array.from({ length: 100 }, (_, i) => candidate(100 * n + i)));
    remote.useBy(async (each) => void used.push(each.candidate));
    expect(used).toHaveLength(256);
    expect(used.at(-1)).toBe("candidate:255");
  });

  it("uses TCP candidates that listen, and not those that only call", () => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    const tcp = (type: string) => ({
      candidate: `candidate:1 1 tcp 1518 10.0.0.1 9 typ host tcptype ${type}`,
    });
    remote.useBy(async (each) => void used.push(each.candidate));
    remote.add([tcp("active"), tcp("passive"), tcp("so"), { candidate: "" }]);
    expect(used).toEqual([tcp("passive").candidate, tcp("so").candidate, ""]);
  });

  it.each([
    ["rejects", () => Promise.reject(new Error("bad"))],
    [
      "throws",
      () => {
        throw new Error("bad");
      },
    ],
  ])("passes over a candidate whose use %s", async (_, fail) => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    remote.useBy(
      (each) => (each.candidate === "candidate:2" ? fail() : void used.push(each.candidate)) as Promise<void>,
    );
    remote.add([candidate(1), candidate(2), candidate(3)]);
    expect(used).toEqual(["candidate:1", "candidate:3"]);
  });
});

describe("placed", () => {
  it.each([
    [
      { sdpMid: "0", sdpMLineIndex: 0 },
      { sdpMid: "0", sdpMLineIndex: 0 },
    ],
    [{ sdpMid: "", sdpMLineIndex: 0 }, { sdpMLineIndex: 0 }],
    [{ sdpMLineIndex: 1 }, { sdpMLineIndex: 1 }],
    [{ sdpMid: "a" }, { sdpMid: "a" }],
    [{}, {}],
  ])("%j becomes %j", (given, expected) => {
    expect(placed({ candidate: "c", ...given })).toEqual({ candidate: "c", ...expected });
  });
});
