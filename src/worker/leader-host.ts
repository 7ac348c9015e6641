import {
  type Lead,
  type Posted,
  readToHub,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../streams/channel-frames.ts";
import { ChannelRelay } from "../streams/channel-relay.ts";
import { hold, tabLock } from "../streams/locks.ts";

/**
 * Serves the tabs that follow: each connection that one opens comes to `greet` as a hello with ports of its own, as if
 * there were no channel between. Tells at once that this hub leads.
 */
export function serveFollowers({ hub, channel: name }: Lead, greet: (hello: object) => void): void {
  const channel = new BroadcastChannel(name);
  const relays = new Map<string, ChannelRelay>();
  const say = (frame: ToTab) => channel.postMessage(sealToTab(frame));
  const leading = () => say({ kind: "leading", hub });

  const open = ({ connection, tab, ports, hello }: Extract<ToHub, { kind: "open" }>) => {
    if (relays.has(connection)) return;
    const channels = ports.map((port) => [port, new MessageChannel()] as const);
    const near = new Map(channels.map(([port, { port1 }]) => [port, port1]));
    const relay = new ChannelRelay(near, (port, data) => say({ kind: "post", hub, connection, port, data }));
    relays.set(connection, relay);
    relay.add(() => relays.delete(connection));
    relay.add(hold(tabLock(tab)).subscribe(() => relay.unsubscribe()));
    greet({ ...hello, ...Object.fromEntries(channels.map(([port, { port2 }]) => [port, port2])) });
  };

  const deliver = ({ connection, port, data }: Posted) => relays.get(connection)?.deliver(port, data);

  channel.addEventListener("message", ({ data }) => {
    const frame = readToHub(data);
    if (frame?.kind === "seek") return leading();
    if (frame?.hub !== hub) return;
    if (frame.kind === "open") open(frame);
    else if (frame.kind === "post") deliver(frame);
    else relays.get(frame.connection)?.unsubscribe();
  });
  leading();
}
