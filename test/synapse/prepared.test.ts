/** Calls that ring, as the wire sees them: tcpdump and coturn beside Chromium. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Capture, startCapture } from "../../scripts/capture.ts";
import { type Coturn, startCoturn } from "../../scripts/coturn.ts";
import { createHomeserver, type Homeserver } from "../../src/testing/homeserver/index.ts";
import { media, type Pair } from "../e2e/call-scenarios.ts";
import { embeddedPair } from "../e2e/pairs.ts";
import { openStage, type Stage } from "../e2e/stage.ts";
import { turnConfig } from "./turn.ts";

let coturn: Coturn;
let capture: Capture;
let homeserver: Homeserver;
let stage: Stage;

beforeAll(async () => {
  coturn = await startCoturn();
  capture = await startCapture();
  homeserver = createHomeserver({ turn: turnConfig(coturn) });
  stage = await openStage((request) => homeserver.fetch(request));
});

afterAll(async () => {
  await stage.close();
  await capture.close();
  homeserver.close();
  await coturn.close();
  expect(stage.errors).toEqual([]);
});

/** How many packets went from Bob's ports to Alice's since `begin`. */
async function sent({ alice, bob }: Pair, begin: number): Promise<number> {
  const [to, from] = [await alice.ice(), await bob.ice()].map(({ ports }) => new Set(ports));
  const packets = (await capture.packets()).slice(begin);
  return packets.filter((packet) => from?.has(packet.from) && to?.has(packet.to)).length;
}

describe("P45 on the wire, nothing goes from the callee to the caller before the user accepts", () => {
  it.each([
    ["all", false],
    ["relay", false],
    ["all", true],
    ["relay", true],
  ] as const)("with the policy %s, kept warm: %s", async (iceTransportPolicy, warm) => {
    const pair = await embeddedPair(stage, homeserver, { iceTransportPolicy, warm });
    const { alice, bob, roomId } = pair;
    const begin = (await capture.packets()).length;
    const ours = await alice.place({ roomId, ...media.video, lifetime: 6_000 });
    const theirs = await bob.rings();
    await bob.tells(theirs, "prepared");
    await Promise.all([alice.gathered(), bob.gathered()]);
    const ports = [await alice.ice(), await bob.ice()].map((ice) => new Set(ice.ports));
    expect(ports.map(({ size }) => size > 0)).toEqual([true, true]);
    // Rung out: six seconds, of which the packets are still there when the connections are gone.
    expect(await bob.ends(theirs)).toMatchObject({ reason: "invite_timeout" });
    await alice.ends(ours);
    const rung = (await capture.packets()).slice(begin);
    expect(rung.filter(({ from, to }) => ports[1]?.has(from) && ports[0]?.has(to))).toEqual([]);

    const again = (await capture.packets()).length;
    const second = await alice.place({ roomId, ...media.video });
    const rings = await bob.rings();
    await bob.tells(rings, "prepared");
    await Promise.all([alice.gathered(), bob.gathered()]);
    expect(await sent(pair, again)).toBe(0);
    await bob.answer(rings, media.video);
    await Promise.all([alice.receives({ video: true }), bob.receives({ video: true })]);
    expect(await sent(pair, again)).toBeGreaterThan(0);
    await alice.hangup(second);
    await bob.ends(rings);
  });
});
