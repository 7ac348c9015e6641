import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { ChannelRelay } from "../../src/worker/channel-relay.ts";

const ends: { unsubscribe(): void }[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.unsubscribe();
});

/** Two relays and what lies between them: copies of plain data. */
function relays() {
  const posted: unknown[] = [];
  const cross = (packed: { readonly data: unknown; readonly ports: readonly string[] }) => {
    posted.push(packed.data);
    return structuredClone(packed);
  };
  const near: ChannelRelay = new ChannelRelay((port, packed) => far.deliver(port, cross(packed)));
  const far: ChannelRelay = new ChannelRelay((port, packed) => near.deliver(port, cross(packed)));
  ends.push(near, far);
  return { near, far, cross, posted };
}

/** A port here, and the one that it leads to at the other end. */
function connected() {
  const { near, far, cross, posted } = relays();
  const { port1, port2 } = new MessageChannel();
  const { data } = far.unpack(cross(near.pack({ kind: "hello", list: [port2] }, [port2])));
  const { list } = data as { readonly list: readonly [MessagePort] };
  return { near, far, posted, here: port1, there: list[0], data };
}

const received = async (port: MessagePort): Promise<unknown> => {
  const [message] = (await once(port, "message")) as [unknown];
  return message;
};

describe("a relay of ports over a channel", () => {
  it("has a port at the other end for each here, and carries what either sends", async () => {
    const { here, there, data } = connected();
    expect(data).toMatchObject({ kind: "hello", list: [expect.any(MessagePort)] });
    here.postMessage("from here");
    expect(await received(there)).toBe("from here");
    there.postMessage({ from: "there" });
    expect(await received(here)).toEqual({ from: "there" });
  });

  it("carries the ports that pass on a port, however deep in a message, and those on them", async () => {
    const { here, there, posted } = connected();
    const { port1, port2 } = new MessageChannel();
    there.postMessage({ id: 1, value: { list: ["a", { port: port2 }], bytes: new Uint8Array([1, 2]) } }, [
      port2,
    ]);
    const message = (await received(here)) as {
      value: { list: [string, { port: MessagePort }]; bytes: Uint8Array };
    };
    expect(message.value.bytes).toEqual(new Uint8Array([1, 2]));
    const inner = message.value.list[1].port;
    const { port1: mine, port2: theirs } = new MessageChannel();
    inner.postMessage(theirs, [theirs]);
    const last = (await received(port1)) as MessagePort;
    last.postMessage("deepest");
    expect(await received(mine)).toBe("deepest");
    // Nothing that a channel cannot carry has been given to it.
    expect(() => structuredClone(posted)).not.toThrow();
  });

  it("passes over what is for no port of its own", () => {
    const { near } = relays();
    near.deliver("nobody", { data: 1, ports: ["more"] });
  });

  it("closes all ports when it ends", async () => {
    const { near, here, there } = connected();
    const { port1, port2 } = new MessageChannel();
    there.postMessage(port2, [port2]);
    const passed = (await received(here)) as MessagePort;
    const closed = [here, passed].map((port) => once(port, "close"));
    near.unsubscribe();
    await Promise.all(closed);
    port1.close();
  });
});
