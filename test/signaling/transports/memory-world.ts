import { asyncScheduler } from "rxjs";
import { createMemoryRooms } from "../../../src/signaling/transports/memory.ts";
import { TrunklineError } from "../../../src/streams/errors.ts";
import type { TestUser, TransportWorld } from "../../../src/testing/transport-suite.ts";

export function memoryWorld(): TransportWorld {
  const rooms = createMemoryRooms();
  let count = 0;

  function createUser(): TestUser {
    count += 1;
    const identity = { userId: `@user${count}:memory`, deviceId: "PHONE" };
    const transport = rooms.connect(identity);
    return {
      ...identity,
      transport,
      async setState(roomId, type, content) {
        rooms.post(roomId, { sender: identity.userId, type, stateKey: "", content });
      },
      async createRoom() {
        count += 1;
        rooms.join(`!room${count}:memory`, identity.userId);
        return `!room${count}:memory`;
      },
      invite: async () => {}, // who comes in is not asked for an invitation
      join: async (roomId) => rooms.join(roomId, identity.userId),
      leave: async (roomId) => rooms.leave(roomId, identity.userId),
      kick: async (roomId, userId) => rooms.leave(roomId, userId, identity.userId),
      revoke: async () => transport.revoke(),
      publishKeys: unknown,
      fail(request, fault) {
        const error = new TrunklineError("homeserver_unreachable", "The test has the request fail");
        if (request === "send") return transport.failSend(error, { lost: fault === "lost_answer" });
        if (request !== "sync" || fault !== "unreachable") return unknown();
        transport.setOnline(false);
        asyncScheduler.schedule(() => transport.setOnline(true));
      },
    };
  }

  return {
    capabilities: ["encryption", "delayed_events"],
    patience: 2_000,
    createUser: async () => createUser(),
    misdirected: unknown,
  };
}

function unknown(): never {
  throw new Error("Rooms in memory do not know that");
}
