/**
 * What runs in the worker that several tabs share: one engine over the Matrix transport, and a hub that gives each tab
 * a half of its own. Importing this module is all it takes, in a `SharedWorker`, or in the `Worker` of a tab that leads.
 */
import { take } from "rxjs";
import { startEngine } from "../signaling/engine.ts";
import { matrixTransport } from "../signaling/transports/matrix.ts";
import { realClock } from "../streams/clock.ts";
import { readHello } from "../streams/hello.ts";
import { secureRandom } from "../streams/ids.ts";
import { hostSignaling } from "./host.ts";
import { createDoor, type TabStart } from "./hub-door.ts";
import { type Greet, hostLeader, type LeaderHost, type LeaderScope } from "./leader-host.ts";
import { hold, tabLock } from "./locks.ts";

/** Set in the worker of a tab that leads. */
let leading: LeaderHost | undefined;

/** As `fetch`; a worker that no longer leads makes no request, and so neither syncs nor sends. */
const permitted: typeof fetch = async (resource, init) => {
  await leading?.permit();
  return fetch(resource, init);
};

const enter = createDoor({
  createEngine({ policy, ...login }, memory, tokenRefresh, known) {
    const since = memory?.position;
    const transport = matrixTransport({
      ...login,
      tokenRefresh,
      fetch: permitted,
      ...(since !== undefined && { since }),
    });
    return startEngine({
      transport,
      known,
      ...(memory && { memory }),
      ...(policy !== undefined && { policy }),
    });
  },
  identify: (login) => matrixTransport({ ...login, fetch: permitted }).identity(),
  gone: (tab) => hold(tabLock(tab)).pipe(take(1)),
  clock: realClock,
  random: secureRandom,
});

const greet: Greet = (hello, accessToken, started) => {
  const ports = readHello<MessagePort>(hello);
  if (!ports) return;
  hostSignaling(ports, (options, { memory, known, receipt }) => {
    const start = {
      ...(options as TabStart),
      known,
      ...(memory && { memory }),
      ...(receipt && { receipt }),
    };
    const half = enter(accessToken === undefined ? start : { ...start, accessToken });
    started?.();
    return half;
  });
};

interface SharedScope {
  addEventListener(
    type: "connect",
    listener: (event: { readonly ports: readonly MessagePort[] }) => void,
  ): void;
}

(globalThis as SharedScope).addEventListener("connect", ({ ports: [port] }) => {
  port?.addEventListener("message", ({ data }) => greet(data));
  port?.start();
});
// Only a worker of one tab has it.
if (typeof globalThis.postMessage === "function") leading = hostLeader(globalThis as LeaderScope, greet);
