import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { createPhone } from "../../src/phone/phone.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { matrixTransport } from "../../src/signaling/transports/matrix.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { fakeMedia } from "../../src/testing/fake-media.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { createClient, directRoom } from "../testing/homeserver-client.ts";
import { collect } from "./world.ts";

/** A call between two users of a homeserver with Synapse's limit (P30), a minute after it was answered. */
async function talking() {
  const clock = virtualClock();
  const homeserver = createHomeserver({ clock, rateLimit: { burst: 10, perSecond: 0.2 } });
  const users = [createClient(homeserver, "alice"), createClient(homeserver, "bob")] as const;
  const roomId = await directRoom(...users);
  const [alice, bob] = users.map(({ accessToken }) => {
    const transport = matrixTransport({
      homeserver: "https://homeserver.test",
      accessToken,
      clock,
      random: () => 0.5,
      fetch: (resource, init) => homeserver.fetch(new Request(resource, init)),
    });
    return createPhone({ signaling: createEngine({ transport, clock }), media: fakeMedia({ clock }), clock });
  });
  if (!alice || !bob) throw new Error("there are two phones");
  await clock.advance(60_000);
  const rings = collect(bob.incoming$);
  const ours = alice.place({ roomId, invitee: users[1].userId, audio: true });
  await clock.advance(2_000);
  const theirs = rings[0] as Call;
  theirs.answer({ audio: true });
  await clock.advance(60_000);
  const streams = collect(theirs.remoteStreams$);
  let end: object | undefined;
  theirs.ended.then((how) => {
    end = how;
  });
  /** Lets time pass until it is so, for at most a minute; how long that took, in ms. */
  const until = async (isSo: () => boolean): Promise<number> => {
    const at = clock.now();
    while (!isSo() && clock.now() < at + 60_000) await clock.advance(100);
    return clock.now() - at;
  };
  return {
    clock,
    ours,
    until,
    isMuted: () => streams.at(-1)?.[0]?.audioMuted,
    hasEnded: () => end !== undefined,
  };
}

describe("P30 somebody who presses mute all the time", () => {
  it.each([10, 5, 3, 2, 1])(
    "every %d s for 2 minutes is seen as they are within 10 s, and hangs up within 5",
    async (seconds) => {
      const { clock, ours, until, isMuted, hasEnded } = await talking();
      let muted = false;
      for (let at = 0; at < 120; at += seconds) {
        muted = !muted;
        ours.mute({ audio: muted });
        await clock.advance(seconds * 1_000);
      }
      expect(await until(() => isMuted() === muted)).toBeLessThanOrEqual(10_000);
      ours.mute({ audio: !muted });
      await clock.advance(300);
      ours.hangup();
      expect(await until(hasEnded)).toBeLessThanOrEqual(5_100);
    },
  );
});
