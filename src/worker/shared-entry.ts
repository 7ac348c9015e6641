/**
 * What runs in the worker that several tabs share: one engine over the Matrix transport, and a hub that gives each tab
 * a half of its own. Importing this module is all it takes, in a `SharedWorker`, or in the `Worker` of a tab that leads.
 */
import { take } from "rxjs";
import { createEngine, type EngineOptions } from "../signaling/engine.ts";
import { type MatrixTransportOptions, matrixTransport } from "../signaling/transports/matrix.ts";
import { type Lead, readLead, sealToTab } from "../streams/channel-frames.ts";
import { realClock } from "../streams/clock.ts";
import type { Memory } from "../streams/contract.ts";
import { secureRandom } from "../streams/ids.ts";
import { readHello } from "../streams/link-control.ts";
import { hold, hubLock, tabLock } from "../streams/locks.ts";
import { hostSignaling } from "./host.ts";
import type { TabHalf } from "./hub.ts";
import { createDoor, type TabStart } from "./hub-door.ts";
import { serveFollowers } from "./leader-host.ts";

const enter = createDoor({
  createEngine(login, memory, tokenRefresh) {
    const transport: MatrixTransportOptions & { tokenRefresh: () => Promise<string>; since?: string } = {
      ...login,
      tokenRefresh,
      ...(memory?.position !== undefined && { since: memory.position }),
    };
    const options: EngineOptions & { memory?: Memory } = {
      transport: matrixTransport(transport),
      ...(memory && { memory }),
    };
    return createEngine(options);
  },
  identify: (login) => matrixTransport(login).identity(),
  gone: (tab) => hold(tabLock(tab)).pipe(take(1)),
  clock: realClock,
  random: secureRandom,
});

const greet = (data: unknown, start: (start: TabStart) => TabHalf) => {
  const ports = readHello<MessagePort>(data);
  if (ports) hostSignaling(ports, (options) => start(options as TabStart));
};

/** Serves the tab that made this worker, and from then on those that follow it: its memory goes first. */
const leadWith = (lead: Lead) => {
  const { accessToken } = lead;
  let serving = false;
  const enterWithToken = (start: TabStart) => enter({ ...start, accessToken });
  scope.addEventListener("message", ({ data }) =>
    greet(data, (start) => {
      const half = enterWithToken(start);
      if (!serving) serveFollowers(lead, (hello) => greet(hello, enterWithToken));
      serving = true;
      return half;
    }),
  );
  hold(hubLock(lead.hub)).subscribe(() => scope.postMessage?.(sealToTab({ kind: "leading", hub: lead.hub })));
};

interface Scope {
  addEventListener(
    type: "connect",
    listener: (event: { readonly ports: readonly MessagePort[] }) => void,
  ): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /** Only a tab's own worker has it. */
  postMessage?(message: unknown): void;
}

const scope = globalThis as Scope;
scope.addEventListener("connect", ({ ports: [port] }) => {
  port?.addEventListener("message", ({ data }) => greet(data, enter));
  port?.start();
});
scope.addEventListener("message", ({ data }) => {
  const lead = readLead(data);
  if (lead) leadWith(lead);
});
