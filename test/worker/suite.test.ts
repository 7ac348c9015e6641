import { afterEach, describe, it } from "vitest";
import { remoteTransport } from "../../src/comlink/transport.ts";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import type { SignalingHalf, Transport } from "../../src/streams/contract.ts";
import { type SignalingWorld, signalingSuite } from "../../src/testing/signaling-suite.ts";
import { remoteSignaling } from "../../src/worker/remote.ts";
import { spawnSignaling } from "../../src/worker/spawn.ts";
import { inlineWorker } from "./stand-in.ts";

const HALVES: Record<string, (transport: Transport) => SignalingHalf> = {
  "on the same thread": (transport) => createEngine({ transport }),
  "behind ports, its transport here": (transport) =>
    spawnSignaling({
      transport,
      worker: () =>
        inlineWorker((_, { page }) => createEngine({ transport: remoteTransport(page as MessagePort) })),
    }),
  "behind ports": (transport) => remoteSignaling(() => inlineWorker(() => createEngine({ transport })), {}),
};

for (const [where, make] of Object.entries(HALVES)) {
  describe(`signalling suite, an engine ${where}`, () => {
    const open: SignalingHalf[] = [];
    afterEach(() => Promise.all(open.splice(0).map((half) => half.close())));

    function world(): SignalingWorld {
      const rooms = createMemoryRooms();
      const roomId = "!room:example.org";
      const [alice, bob] = ["alice", "bob"].map((name) => {
        const userId = `@${name}:example.org`;
        rooms.join(roomId, userId);
        return make(rooms.connect({ userId, deviceId: name.toUpperCase() }));
      }) as [SignalingHalf, SignalingHalf];
      open.push(alice, bob);
      return { alice, bob, roomId };
    }

    for (const { name, run } of signalingSuite) it(name, () => run(world()));
  });
}
