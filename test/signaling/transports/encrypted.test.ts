import { EventEmitter } from "node:events";
import { NEVER } from "rxjs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createEngine } from "../../../src/signaling/engine.ts";
import { encryptedTransport } from "../../../src/signaling/transports/encrypted.ts";

const clients = vi.hoisted(() => ({ started: 0, stopped: 0 }));
vi.mock(import("../../../src/signaling/transports/encrypted-client.ts"), () => ({
  startEncryptedClient: async () => {
    clients.started += 1;
    const stop = async () => {
      clients.stopped += 1;
    };
    const identity = { userId: "@us:hs.test", deviceId: "D" };
    return { client: new EventEmitter() as never, identity, unlock: () => () => {}, stop };
  },
}));
vi.mock(import("../../../src/signaling/transports/matrix-client.ts"), () => ({
  matrixClient: () => ({ batches$: NEVER, connected$: NEVER }) as never,
}));

beforeEach(() => Object.assign(clients, { started: 0, stopped: 0 }));
const made = () => encryptedTransport({ homeserver: "https://hs.test", accessToken: "token" });
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe("encryptedTransport", () => {
  it("lets go of its stores as it is closed, though nobody has read its batches", async () => {
    const transport = made();
    const engine = createEngine({ transport });
    await engine.close();
    transport.close();
    await expect.poll(() => clients).toEqual({ started: 1, stopped: 1 });
  });

  it("starts no other client for what is asked after that", async () => {
    const transport = made();
    const reading = transport.batches$.subscribe();
    await transport.identity();
    reading.unsubscribe();
    transport.close();
    await expect(transport.verify("key")).rejects.toEqual(code("closed"));
    await expect(transport.identity()).rejects.toEqual(code("closed"));
    await expect.poll(() => clients).toEqual({ started: 1, stopped: 1 });
  });

  it("starts another where it is read again", async () => {
    const transport = made();
    transport.batches$.subscribe().unsubscribe();
    transport.batches$.subscribe().unsubscribe();
    transport.close();
    await expect.poll(() => clients).toEqual({ started: 2, stopped: 2 });
  });
});
