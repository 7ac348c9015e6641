import { NEVER } from "rxjs";
import { afterEach, describe, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import { realClock } from "../../src/streams/clock.ts";
import type { SignalingHalf } from "../../src/streams/contract.ts";
import { type SignalingWorld, signalingSuite } from "../../src/testing/signaling-suite.ts";
import { createHub } from "../../src/worker/hub.ts";

/** A user whose engine has another tab, which does nothing but listen, and goes last. */
describe("signalling suite, a tab of a shared engine", () => {
  const open: SignalingHalf[] = [];
  afterEach(() => Promise.all(open.splice(0).map((half) => half.close())));

  function world(): SignalingWorld {
    const rooms = createMemoryRooms();
    const roomId = "!room:example.org";
    const tabOf = (name: string): SignalingHalf => {
      const userId = `@${name}:example.org`;
      rooms.join(roomId, userId);
      const transport = rooms.connect({ userId, deviceId: name.toUpperCase() });
      const hub = createHub({
        id: name,
        createEngine: () => createEngine({ transport }),
        gone: () => NEVER,
        clock: realClock,
      });
      const [tab, other] = [hub.join("tab"), hub.join("other")];
      other.signals$.subscribe({ error: () => {} });
      open.push(tab, other);
      return tab;
    };
    return { alice: tabOf("alice"), bob: tabOf("bob"), roomId };
  }

  for (const { name, run } of signalingSuite) it(name, () => run(world()));
});
