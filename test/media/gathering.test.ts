import { Subject } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gathering, lastTypeOf } from "../../src/media/gathering.ts";
import type { Candidate } from "../../src/streams/contract.ts";

const stun = "stun:stun.example.org";
const turn = "turn:turn.example.org?transport=udp";
const relayOnly = "turns:turn.example.org";

describe("P23 lastTypeOf", () => {
  it.each([
    ["no servers", [], "all", "host"],
    ["STUN", [stun], "all", "srflx"],
    ["STUN and TURN", [stun, turn], "all", "relay"],
    ["TURN over TLS only", [relayOnly], "all", "relay"],
    ["relay policy", [turn], "relay", "relay"],
    ["relay policy with nothing to relay", [], "relay", "relay"],
  ] as const)("%s", (_, urls, policy, expected) => {
    expect(lastTypeOf(urls, policy)).toBe(expected);
  });
});

describe("Gathering", () => {
  const found$ = new Subject<RTCIceCandidate | null>();
  const closed$ = new Subject<void>();
  const at = (n: number, type: string) => `candidate:${n} 1 udp 2122 192.0.2.${n} 4000 typ ${type}`;
  const find = (candidate: string, sdpMid = "0", sdpMLineIndex = 0) =>
    found$.next({ candidate, sdpMid, sdpMLineIndex } as RTCIceCandidate);

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    closed$.next();
  });

  function start(lastType: "host" | "srflx" | "relay") {
    const gathering = new Gathering(found$, closed$);
    gathering.lastType = lastType;
    const out: Candidate[] = [];
    gathering.candidates$.subscribe((candidate) => out.push(candidate));
    return { gathering, out };
  }

  const sdp = (credentials: string, ...candidates: readonly string[]) =>
    ["v=0", `a=ice-ufrag:${credentials}`, ...candidates.map((candidate) => `a=${candidate}`), ""].join(
      "\r\n",
    );

  function tell(gathering: Gathering, description: string): string {
    const told = gathering.describe(description);
    gathering.release();
    return told;
  }

  /** Whether it is settled by now, without letting time go on. */
  async function settled(promise: Promise<unknown>): Promise<boolean> {
    const pending = Symbol();
    await vi.advanceTimersByTimeAsync(0);
    return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
  }

  it("P23 is worth sending with the last kind that the servers promise, and not before", async () => {
    const { gathering } = start("relay");
    const worth = gathering.worthSending(sdp("abcd"));
    find(at(1, "host"));
    find(at(2, "srflx"));
    expect(await settled(worth)).toBe(false);
    find(at(3, "relay"));
    await vi.advanceTimersByTimeAsync(5);
    expect(await settled(worth)).toBe(true);
  });

  it("P24 waits 5 ms more for the end, which then goes inside", async () => {
    const { gathering, out } = start("host");
    const worth = gathering.worthSending(sdp("abcd"));
    find(at(1, "host"));
    await vi.advanceTimersByTimeAsync(4);
    expect(await settled(worth)).toBe(false);
    found$.next(null);
    expect(await settled(worth)).toBe(true);
    const told = tell(gathering, sdp("abcd", at(1, "host"), at(2, "host")));
    expect(told).toBe(sdp("abcd", at(1, "host"), at(2, "host"), "end-of-candidates"));
    expect(out).toEqual([]);
  });

  it("P24 does not wait for an end that takes longer, and gives it out by itself", async () => {
    const { gathering, out } = start("host");
    const worth = gathering.worthSending(sdp("abcd"));
    find(at(1, "host"));
    await vi.advanceTimersByTimeAsync(5);
    expect(await settled(worth)).toBe(true);
    expect(tell(gathering, sdp("abcd", at(1, "host")))).not.toContain("end-of-candidates");
    found$.next(null);
    expect(out.map(({ candidate }) => candidate)).toEqual([""]);
  });

  it("P24 gives out no end that the browser put inside itself, before it told of it", () => {
    const { gathering, out } = start("host");
    const theirs = sdp("abcd", at(1, "host"), "end-of-candidates");
    expect(tell(gathering, theirs)).toBe(theirs);
    found$.next(null);
    expect(out).toEqual([]);
  });

  it("P23 is worth sending when that candidate came before the question", async () => {
    const { gathering } = start("host");
    find(at(1, "host"));
    const worth = gathering.worthSending(sdp("abcd"));
    await vi.advanceTimersByTimeAsync(5);
    expect(await settled(worth)).toBe(true);
  });

  it("P23 is worth sending when gathering is complete, whatever it found", async () => {
    const { gathering } = start("relay");
    const worth = gathering.worthSending(sdp("abcd"));
    found$.next(null);
    expect(await settled(worth)).toBe(true);
  });

  it("P23 is worth sending after the deadline, though the servers are silent", async () => {
    const { gathering } = start("relay");
    const worth = gathering.worthSending(sdp("abcd"));
    await vi.advanceTimersByTimeAsync(99);
    expect(await settled(worth)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await settled(worth)).toBe(true);
  });

  it("leaves no timer behind", async () => {
    const { gathering } = start("host");
    const worth = gathering.worthSending(sdp("abcd"));
    find(at(1, "host"));
    found$.next(null);
    await worth;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives out what the description did not hold, each once, whatever follows its type", () => {
    const { gathering, out } = start("host");
    find(`${at(1, "host")} generation 0 ufrag abcd network-id 1`);
    find(`${at(2, "host")} generation 0 ufrag abcd network-id 2`);
    tell(gathering, `v=0\r\na=${at(1, "host")} generation 0 network-id 1\r\na=${at(3, "host")}\r\n`);
    find(at(3, "host"));
    find(at(4, "host"));
    expect(out.map(({ candidate }) => candidate.split(" ")[4])).toEqual(["192.0.2.2", "192.0.2.4"]);
  });

  it("P24 P35 the end marker comes after the description, last, where the last candidate was", () => {
    const { gathering, out } = start("host");
    find(at(1, "host"), "video", 1);
    found$.next({ candidate: "", sdpMid: "video", sdpMLineIndex: 1 } as RTCIceCandidate);
    found$.next(null);
    expect(out).toEqual([]);
    tell(gathering, "v=0\r\n");
    expect(out.at(-1)).toEqual({ candidate: "", sdpMid: "video", sdpMLineIndex: 1 });
  });

  it("P35 the end marker names a place where nothing was found", () => {
    const { gathering, out } = start("relay");
    tell(gathering, "v=0\r\n");
    found$.next(null);
    expect(out).toEqual([{ candidate: "", sdpMid: "0", sdpMLineIndex: 0 }]);
  });

  it("P23 a later description is worth sending at once, unless it begins a gathering", async () => {
    const { gathering } = start("host");
    find(at(1, "host"));
    tell(gathering, sdp("abcd", at(1, "host")));
    gathering.begin();
    expect(await settled(gathering.worthSending(sdp("abcd")))).toBe(true);
    const worth = gathering.worthSending(sdp("efgh"));
    expect(await settled(worth)).toBe(false);
    find(at(2, "host"));
    await vi.advanceTimersByTimeAsync(5);
    expect(await settled(worth)).toBe(true);
  });

  it("P23 holds back what is found while a later description is made, until it is released", () => {
    const { gathering, out } = start("host");
    tell(gathering, sdp("abcd"));
    gathering.begin();
    find(at(1, "host"));
    find(at(2, "host"));
    gathering.describe(sdp("efgh", at(1, "host")));
    expect(out).toEqual([]);
    gathering.release();
    expect(out.map(({ candidate }) => candidate)).toEqual([at(2, "host")]);
  });

  it("P24 each gathering has its end marker, and its candidates, though they are the same as before", () => {
    const { gathering, out } = start("host");
    tell(gathering, sdp("abcd", at(1, "host")));
    found$.next(null);
    tell(gathering, sdp("efgh"));
    find(at(1, "host"));
    found$.next(null);
    expect(out.map(({ candidate }) => candidate)).toEqual(["", at(1, "host"), ""]);
  });
});
