import { describe, expect, it } from "vitest";
import { Peer } from "../../src/media/peer.ts";
import { createConnection } from "../../src/media/platform.ts";
import { RemoteCandidates } from "../../src/media/remote-candidates.ts";
import { realClock } from "../../src/streams/clock.ts";
import type { IceServer } from "../../src/streams/contract.ts";
import type { TrunklineError } from "../../src/streams/errors.ts";

const HOUR = 3_600_000;
const turn = (username: string, left = HOUR): readonly IceServer[] => [
  { urls: ["turn:t.test"], username, credential: "p", expiresAt: realClock.now() + left },
];
const sdp = (ufrag: string) => `v=0\r\na=ice-ufrag:${ufrag}\r\n`;

/** As a browser finds of its servers, which throws for all where one is odd. */
const usable = ({ iceServers = [] }: RTCConfiguration) =>
  iceServers.every(({ urls }) => ![urls].flat().some((url) => url.startsWith("turn://")));

/** As much of a connection as a Peer asks for its ICE servers. */
class StubConnection extends EventTarget {
  readonly configured: RTCConfiguration[] = [];
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  currentRemoteDescription = null;
  restarts = 0;
  refuses = false;
  #configuration: RTCConfiguration;

  constructor(configuration: RTCConfiguration = {}) {
    super();
    if (!usable(configuration)) throw new Error("no such server");
    this.#configuration = configuration;
  }
  getConfiguration = () => this.#configuration;
  setConfiguration(configuration: RTCConfiguration) {
    if (this.refuses || !usable(configuration)) throw new Error("no such server");
    this.#configuration = configuration;
    this.configured.push(configuration);
  }
  createOffer = async () => ({ type: "offer", sdp: sdp("ours") });
  async setLocalDescription(description: RTCSessionDescriptionInit) {
    this.localDescription = description;
    queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: null })));
  }
  async setRemoteDescription(description: RTCSessionDescriptionInit) {
    this.remoteDescription = description;
  }
  restartIce() {
    this.restarts += 1;
  }
  get usernames() {
    return this.configured.map(({ iceServers }) => iceServers?.map(({ username }) => username));
  }
}

const Stub = StubConnection as unknown as typeof globalThis.RTCPeerConnection;

function setUp(servers: readonly IceServer[] = [], pc = new StubConnection()) {
  const warnings: TrunklineError[] = [];
  const peer = new Peer(pc as unknown as RTCPeerConnection, servers, new RemoteCandidates(), (warning) =>
    warnings.push(warning),
  );
  return { pc, peer, warnings };
}

describe("the ICE servers of a connection", () => {
  it("P29 that come before it gathers are used for that", async () => {
    const { pc, peer } = setUp();
    peer.useServers(turn("late"));
    expect(pc.usernames).toEqual([]);
    await peer.gather("offer");
    expect(pc.usernames).toEqual([["late"]]);
  });

  it("P29 are the newest for each ICE restart, ours and the peer's, and for nothing else", async () => {
    const { pc, peer } = setUp(turn("first"));
    await peer.gather("offer");
    await peer.setRemote({ type: "answer", sdp: sdp("a") });
    peer.useServers(turn("second"));
    await peer.setRemote({ type: "offer", sdp: sdp("a") });
    await peer.gather("offer");
    expect(pc.usernames).toEqual([]);
    await peer.setRemote({ type: "offer", sdp: sdp("b") });
    expect(pc.usernames).toEqual([["second"]]);
    peer.restart();
    expect([pc.usernames, pc.restarts]).toEqual([[["second"]], 1]);
    peer.useServers(turn("third"));
    peer.restart();
    expect([pc.usernames, pc.restarts]).toEqual([[["second"], ["third"]], 2]);
  });

  it("P29 are none that have expired, for a new connection and for one that restarts", () => {
    const { pc, peer } = setUp();
    const servers = [...turn("expired", 0), ...turn("good"), { urls: ["stun:s.test"] }];
    peer.useServers(servers);
    peer.restart();
    const good = [{ urls: ["turn:t.test"], username: "good", credential: "p" }, { urls: ["stun:s.test"] }];
    expect(pc.getConfiguration().iceServers).toEqual(good);
    expect(createConnection({ RTCPeerConnection: Stub }, servers).getConfiguration().iceServers).toEqual(
      good,
    );
  });

  it("that the browser refuses leave it those that it has, and are tried again", () => {
    const { pc, peer } = setUp();
    pc.refuses = true;
    peer.useServers(turn("odd"));
    peer.restart();
    expect([pc.usernames, pc.restarts]).toEqual([[], 1]);
    pc.refuses = false;
    peer.restart();
    expect(pc.usernames).toEqual([["odd"]]);
  });

  const odd: readonly IceServer[] = [
    { urls: ["turn:good.test", "turn://odd.test"], username: "u", credential: "p" },
    { urls: ["stun:s.test"] },
  ];
  const left = [{ urls: ["turn:good.test"], username: "u", credential: "p" }, { urls: ["stun:s.test"] }];

  it("are used without those that the browser refuses, which are reported", () => {
    const pc = createConnection({ RTCPeerConnection: Stub }, odd);
    expect(pc.getConfiguration().iceServers).toEqual(left);
    const { warnings } = setUp(odd, pc as unknown as StubConnection);
    expect(warnings).toMatchObject([
      { code: "media_failed", message: expect.stringContaining("turn://odd.test") },
    ]);
    expect(warnings[0]?.message).not.toContain("good.test");
  });

  it("are used so for a restart too, reported once; and where none is left, those that it has stay", () => {
    const { pc, peer, warnings } = setUp();
    peer.useServers(odd);
    peer.restart();
    peer.restart();
    expect(pc.getConfiguration().iceServers).toEqual(left);
    expect(warnings).toHaveLength(1);
    peer.useServers([{ urls: ["turn://other.test"] }]);
    peer.restart();
    expect(pc.getConfiguration().iceServers).toEqual(left);
    expect(warnings).toHaveLength(2);
  });

  it("are no reason to make a connection without them where none can be made at all", () => {
    class Refusing {
      constructor({ iceServers = [] }: RTCConfiguration) {
        throw new Error(`made with ${iceServers.length}`);
      }
    }
    const RTCPeerConnection = Refusing as unknown as typeof globalThis.RTCPeerConnection;
    expect(() => createConnection({ RTCPeerConnection }, odd)).toThrow("made with 2");
  });
});

describe("the peer's description", () => {
  const section = (kind: string, more = "") => `m=${kind} 9 UDP/TLS/RTP/SAVPF 96\r\n${more}`;
  const voice = `v=0\r\n${section("audio")}`;
  const both = `${voice}${section("video")}`;
  const rejecting = `v=0\r\na=group:BUNDLE 0\r\n${section("audio")}m=video 0 UDP/TLS/RTP/SAVPF 96\r\n`;
  const bundled = `v=0\r\na=group:BUNDLE 0 1\r\n${section("audio")}${section("video")}`;

  async function outcome(answer: string, bundlePolicy: RTCBundlePolicy, refuses = false) {
    const { pc, peer } = setUp([], new StubConnection({ bundlePolicy }));
    if (refuses) pc.setRemoteDescription = () => Promise.reject(new Error("the browser's reason"));
    return peer.setRemote({ type: "answer", sdp: answer }).then(
      () => "applied",
      ({ code, message }: TrunklineError) => `${code} ${message}`,
    );
  }

  it.each([
    ["bundled", bundled, "max-bundle", "applied"],
    ["bundled, with a section rejected", rejecting, "max-bundle", "applied"],
    ["not bundled, where that can be", both, "balanced", "applied"],
    ["not bundled, of voice alone, by a browser that does not mind", voice, "max-bundle", "applied"],
    ["not bundled", both, "max-bundle", expect.stringMatching(/^media_failed .*bundlePolicy: "balanced"/)],
  ] as const)("%s", async (_, sdp, policy, expected) => {
    expect(await outcome(sdp, policy)).toEqual(expected);
  });

  it("names the option where a browser refuses voice alone without BUNDLE, else the browser's reason", async () => {
    expect(await outcome(voice, "max-bundle", true)).toMatch(/bundlePolicy: "balanced"/);
    expect(await outcome(bundled, "max-bundle", true)).toMatch(/answer cannot be used: the browser's reason/);
    expect(await outcome(both, "balanced", true)).toMatch(/the browser's reason/);
  });
});

describe("close()", () => {
  it("ends all that it can, whatever the implementation throws or rejects with", async () => {
    const { pc, peer } = setUp();
    const stopped: string[] = [];
    const failing = Object.assign(pc, {
      close: () => Promise.reject(new Error("closed already")),
      getReceivers: () => [{ track: { stop: () => stopped.push("a track") } }],
    });
    peer.close();
    expect(stopped).toEqual(["a track"]);
    failing.getReceivers = () => {
      throw new Error("Not implemented");
    };
    failing.close = () => {
      throw new Error("closed already");
    };
    expect(() => peer.close()).not.toThrow();
  });
});
