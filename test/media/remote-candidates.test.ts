import { describe, expect, it } from "vitest";
import { placed, RemoteCandidates } from "../../src/media/remote-candidates.ts";

const candidate = (n: number) => ({ candidate: `candidate:${n}`, sdpMid: "0" });

describe("RemoteCandidates", () => {
  it("uses candidates in order once they can be used, each once", () => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    remote.add([candidate(1), candidate(2)]);
    remote.useBy(async (each) => void used.push(each.candidate));
    remote.add([candidate(3)]);
    expect(used).toEqual(["candidate:1", "candidate:2", "candidate:3"]);
  });

  it("uses them all again by the connection that takes the place of one that was given up", () => {
    const remote = new RemoteCandidates();
    const used: string[] = [];
    const by = (name: string) => async (each: RTCIceCandidateInit) =>
      void used.push(`${name} ${each.candidate}`);
    remote.add([candidate(1)]);
    remote.useBy(by("first"));
    remote.rewind();
    remote.add([candidate(2)]);
    remote.useBy(by("second"));
    expect(used).toEqual(["first candidate:1", "second candidate:1", "second candidate:2"]);
  });

  it("P44 keeps 256, and of those that are used makes room for new ones", () => {
    const remote = new RemoteCandidates();
    const used: unknown[] = [];
    remote.useBy(async (each) => void used.push(each.candidate));
    for (let n = 0; n < 300; n++) remote.add([candidate(n)]);
    expect([used.length, used.at(-1)]).toEqual([300, "candidate:299"]);
    remote.rewind();
    remote.useBy(async (each) => void used.push(each.candidate));
    expect([used.length, used[300], used.at(-1)]).toEqual([556, "candidate:44", "candidate:299"]);
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
