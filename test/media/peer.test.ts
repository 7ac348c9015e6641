import { describe, expect, it } from "vitest";
import { Peer } from "../../src/media/peer.ts";
import { createConnection } from "../../src/media/platform.ts";
import { RemoteCandidates } from "../../src/media/remote-candidates.ts";
import { realClock } from "../../src/streams/clock.ts";
import type { IceServer } from "../../src/streams/contract.ts";

const HOUR = 3_600_000;
const turn = (username: string, left = HOUR): readonly IceServer[] => [
  { urls: ["turn:t.test"], username, credential: "p", expiresAt: realClock.now() + left },
];
const sdp = (ufrag: string) => `v=0\r\na=ice-ufrag:${ufrag}\r\n`;

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
    this.#configuration = configuration;
  }
  getConfiguration = () => this.#configuration;
  setConfiguration(configuration: RTCConfiguration) {
    if (this.refuses) throw new Error("no such server");
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

function setUp(servers: readonly IceServer[] = []) {
  const pc = new StubConnection();
  const peer = new Peer(pc as unknown as RTCPeerConnection, servers, new RemoteCandidates());
  return { pc, peer };
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
    const RTCPeerConnection = StubConnection as unknown as typeof globalThis.RTCPeerConnection;
    expect(createConnection({ RTCPeerConnection }, servers).getConfiguration().iceServers).toEqual(good);
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
});
