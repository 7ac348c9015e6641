import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/signaling/engine.ts";
import { createMemoryRooms } from "../../src/signaling/transports/memory.ts";
import {
  readToHub,
  readToTab,
  sealToHub,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../../src/streams/channel-frames.ts";
import type { Command, MemoryChange } from "../../src/streams/contract.ts";
import { makeHello, readHello } from "../../src/streams/hello.ts";
import { NO_MEMORY, remember } from "../../src/streams/memory.ts";
import { named, PROTOCOL } from "../../src/streams/protocol.ts";
import { hubLock, tabLock } from "../../src/worker/locks.ts";

const CALL = { roomId: "!room:example.org", callId: "call" } as const;
const other = (text: string) => text.replace(`/${PROTOCOL.major}`, `/${PROTOCOL.major + 1}`);

function hello() {
  const { port1: port } = new MessageChannel();
  port.close();
  return makeHello({ port });
}

describe("two builds of one major version", () => {
  it("find each other by name, and read each other's hello whatever else is in it", () => {
    const newer = { ...hello(), protocol: { ...PROTOCOL, minor: PROTOCOL.minor + 1 }, more: true };
    expect(readHello(newer)).toEqual({ port: newer.port });
  });

  it("ignore frames that they do not know", () => {
    const frame = { kind: "made_up", hub: "h", connection: "c", id: 1 };
    expect([
      readToHub(sealToHub(frame as unknown as ToHub)),
      readToTab(sealToTab(frame as unknown as ToTab)),
    ]).toEqual([undefined, undefined]);
    expect(remember(NO_MEMORY, { ...CALL, type: "made_up" } as unknown as MemoryChange)).toEqual(NO_MEMORY);
  });

  it("reject commands that they do not know, with a code, and change nothing", async () => {
    const rooms = createMemoryRooms();
    rooms.join(CALL.roomId, "@me:example.org");
    const engine = createEngine({ transport: rooms.connect({ userId: "@me:example.org", deviceId: "D" }) });
    await engine.dispatch({ ...CALL, type: "place" });
    const command = { ...CALL, type: "made_up" } as unknown as Command;
    await expect(engine.dispatch(command)).rejects.toMatchObject({ code: "wrong_state" });
    await engine.dispatch({ ...CALL, type: "hangup", reason: "user_hangup" });
    await expect(engine.dispatch(command)).rejects.toMatchObject({ code: "unknown_call" });
    await engine.close();
  });
});

describe("builds of two major versions", () => {
  it("share no name", () => {
    for (const name of [named("x"), tabLock("x"), hubLock("x", "y")]) expect(other(name)).not.toBe(name);
  });

  it("pass over each other's frames", () => {
    const to = (frame: object) => ({
      ...frame,
      trunkline: other((frame as Record<string, string>).trunkline as string),
    });
    const seek = sealToHub({ kind: "seek" });
    const leading = sealToTab({ kind: "leading", hub: "h" });
    expect([readToHub(seek), readToTab(leading)]).not.toContain(undefined);
    expect([readToHub(to(seek)), readToTab(to(leading))]).toEqual([undefined, undefined]);
  });

  it.each([{ ...PROTOCOL, major: PROTOCOL.major + 1 }, { major: "1" }, {}, undefined])(
    "refuse each other's hello, and say which script is to be served: %o",
    (protocol) => {
      expect(() => readHello({ ...hello(), protocol })).toThrow(
        expect.objectContaining({ code: "invalid_option", message: expect.stringContaining("script") }),
      );
    },
  );
});
