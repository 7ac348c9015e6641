import { Subscription } from "rxjs";
import {
  type Lead,
  type Posted,
  readLead,
  readToHub,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../streams/channel-frames.ts";
import { ChannelRelay } from "../streams/channel-relay.ts";
import { hold, hubLock, tabLock } from "./locks.ts";

/** What a worker needs of its global scope to be told to lead. */
export interface LeaderScope {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

/** Answers a hello with a half, with this token; `started` is called when that has been made. */
export type Greet = (hello: unknown, accessToken?: string, started?: () => void) => void;

/**
 * In the worker of a tab that leads: serves that tab, and from then on those that follow it. Theirs comes first, for
 * what it remembers is what the others do. Unsubscribing ends it, as the end of the worker does.
 */
export function hostLeader(scope: LeaderScope, greet: Greet): Subscription {
  const life = new Subscription();
  let lead: Lead | undefined;
  let serving = false;

  const listener = ({ data }: { readonly data: unknown }) => {
    if (!lead) {
      lead = readLead(data);
      if (lead) life.add(announceTo(scope, lead));
      return;
    }
    const { accessToken, ...rest } = lead;
    greet(data, accessToken, () => {
      if (!serving) life.add(serveFollowers(rest, (hello) => greet(hello, accessToken)));
      serving = true;
    });
  };
  scope.addEventListener("message", listener);
  life.add(() => scope.removeEventListener("message", listener));
  return life;
}

/** Not before the lock is held that tells of this worker's end. */
const announceTo = (scope: LeaderScope, { hub }: Lead): Subscription =>
  hold(hubLock(hub)).subscribe(() => scope.postMessage(sealToTab({ kind: "leading", hub })));

/** Each connection that a tab opens comes to `greet` as a hello with ports of its own, as if there were no channel. */
function serveFollowers(
  { hub, channel: name }: Omit<Lead, "accessToken">,
  greet: (hello: object) => void,
): Subscription {
  const channel = new BroadcastChannel(name);
  const life = new Subscription();
  const relays = new Map<string, ChannelRelay>();
  const say = (frame: ToTab) => channel.postMessage(sealToTab(frame));
  const leading = () => say({ kind: "leading", hub });

  const open = ({ connection, tab, ports, hello }: Extract<ToHub, { kind: "open" }>) => {
    if (relays.has(connection)) return;
    const channels = ports.map((port) => [port, new MessageChannel()] as const);
    const near = new Map(channels.map(([port, { port1 }]) => [port, port1]));
    const relay = new ChannelRelay(near, (port, data) => say({ kind: "post", hub, connection, port, data }));
    relays.set(connection, relay);
    life.add(relay);
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
  life.add(() => channel.close());
  return life;
}
