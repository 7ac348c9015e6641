/** The examples' parts, and the suites that they have to pass. */
import { smallVideo } from "../../../examples/transport/media-half.ts";
import type { Wire } from "../../../examples/transport/protocol.ts";
import { withBlocklist } from "../../../examples/transport/signaling-half.ts";
import { createEngine } from "../../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../../src/signaling/transports/memory.ts";
import { fakeMedia } from "../../../src/testing/fake-media.ts";
import { mediaSuite } from "../../../src/testing/media-suite.ts";
import { signalingSuite } from "../../../src/testing/signaling-suite.ts";
import { showable } from "../../../src/testing/transport-suite.ts";
import { relayWorld } from "./relay-world.ts";
import type { Case } from "./report.ts";

export function transportCases(wire: Wire): readonly Case[] {
  const world = relayWorld(wire);
  return showable(world).map(({ name, run }) => ({ name, run: () => run(world) }));
}

export const mediaCases: readonly Case[] = mediaSuite.map(({ name, run }) => ({
  name,
  run() {
    const media = fakeMedia();
    return run({
      ...media,
      media: smallVideo(media),
      denyDevices: (denied, kind) => media.refuseDevices(denied ? "media_denied" : undefined, kind),
      stillOpen: () => ({ tracks: media.liveTracks, connections: media.openConnections }),
    });
  },
}));

export const signalingCases: readonly Case[] = signalingSuite.map(({ name, run }) => ({
  name,
  async run() {
    const rooms = createMemoryRooms();
    const roomId = "!room:test";
    const half = (userId: string) => {
      rooms.join(roomId, userId);
      const engine = createEngine({ transport: rooms.connect({ userId, deviceId: "PHONE" }) });
      return withBlocklist(engine, (caller) => caller === "@mallory:test");
    };
    const [alice, bob] = [half("@alice:test"), half("@bob:test")];
    await run({ alice, bob, roomId });
    await Promise.all([alice.close(), bob.close()]);
  },
}));
