import { describe, expect, it } from "vitest";
import { type Report, statsOf } from "../../src/media/stats.ts";

const codec: Report = { id: "codec", type: "codec", mimeType: "audio/opus" };
const inbound = (more: object): Report => ({ id: "in", type: "inbound-rtp", kind: "audio", ...more });
const outbound = (more: object): Report => ({ id: "out", type: "outbound-rtp", kind: "audio", ...more });
const step = (before: readonly Report[], now: readonly Report[]) =>
  statsOf({ at: 1_000, reports: before }, { at: 3_000, reports: now });

describe("statsOf", () => {
  it("tells nothing of a connection that tells nothing", () => {
    expect(step([], [])).toEqual({ at: 3_000, sent: {}, received: {} });
  });

  it("counts what came in since the last reading", () => {
    const before = inbound({ bytesReceived: 1_000, packetsReceived: 100, packetsLost: 50 });
    const now = inbound({
      bytesReceived: 3_000,
      packetsReceived: 175,
      packetsLost: 75,
      jitter: 0.004,
      codecId: "codec",
    });
    expect(step([before], [now, codec]).received).toEqual({
      audio: { bitrate: 8_000, loss: 0.25, jitter: 4, codec: "opus" },
    });
  });

  it("counts what went out, and believes the peer of what was lost", () => {
    const told: Report = {
      id: "told",
      type: "remote-inbound-rtp",
      kind: "video",
      fractionLost: 0.5,
      jitter: 0.01,
      roundTripTime: 0.07,
    };
    const stats = step(
      [outbound({ kind: "video", bytesSent: 500 })],
      [outbound({ kind: "video", bytesSent: 1_000 }), told],
    );
    expect(stats.sent).toEqual({ video: { bitrate: 2_000, loss: 0.5, jitter: 10 } });
    expect(stats.roundTrip).toBe(70);
  });

  it("adds camera and screen, and takes the worse of their jitters", () => {
    const streams = (bytes: number) => [
      inbound({ id: "camera", kind: "video", bytesReceived: bytes, jitter: 0.001 }),
      inbound({ id: "screen", kind: "video", bytesReceived: bytes, jitter: 0.009 }),
    ];
    expect(step(streams(0), streams(1_000)).received.video).toEqual({ bitrate: 8_000, loss: 0, jitter: 9 });
  });

  it("takes a counter that went back for a new one, and lost packets that turned up for none lost", () => {
    const before = inbound({ bytesReceived: 9_000, packetsReceived: 9, packetsLost: 9 });
    const stats = step([before], [inbound({ bytesReceived: 1_000, packetsReceived: 10, packetsLost: 5 })]);
    expect(stats.received.audio).toEqual({ bitrate: 0, loss: 0 });
  });

  const pair = (more: object): Report => ({
    id: "pair",
    type: "candidate-pair",
    localCandidateId: "local",
    remoteCandidateId: "remote",
    currentRoundTripTime: 0.02,
    ...more,
  });
  const transport: Report = { id: "transport", type: "transport", selectedCandidatePairId: "pair" };
  const local = (more: object): Report => ({
    id: "local",
    type: "local-candidate",
    protocol: "udp",
    ...more,
  });
  const remote = (candidateType: string): Report => ({
    id: "remote",
    type: "remote-candidate",
    candidateType,
  });

  it.each([
    ["named by the transport", [pair({}), transport]],
    ["marked as selected", [pair({ selected: true })]],
  ])("knows the pair in use, %s", (_, reports) => {
    const stats = step([], [...reports, local({ candidateType: "host" }), remote("srflx")]);
    expect(stats.path).toEqual({ local: "host", remote: "srflx", protocol: "udp", relayed: false });
    expect(stats.roundTrip).toBe(20);
  });

  it("is relayed where either side is, and then speaks as it does to our relay", () => {
    const ours = local({ candidateType: "relay", relayProtocol: "tls" });
    expect(step([], [pair({}), transport, ours, remote("host")]).path).toMatchObject({
      protocol: "tls",
      relayed: true,
    });
    const theirs = [local({ candidateType: "host" }), remote("relay")];
    expect(step([], [pair({}), transport, ...theirs]).path).toMatchObject({ protocol: "udp", relayed: true });
  });

  it("scores the sound that came in, by delay, buffer and loss; no sound has no score", () => {
    const at = (packets: number, lost: number) =>
      inbound({
        packetsReceived: packets,
        packetsLost: lost,
        jitterBufferDelay: packets,
        jitterBufferEmittedCount: packets * 10,
      });
    expect(step([at(0, 0)], [at(100, 0)]).score).toBeCloseTo(4.343, 2);
    expect(step([at(0, 0)], [at(100, 10)]).score).toBeLessThan(3.5);
    expect(step([at(100, 0)], [at(100, 0)])).not.toHaveProperty("score");
  });
});
