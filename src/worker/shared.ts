import { ReplaySubject, type Subscription, switchMap } from "rxjs";
import type { SignalingHalf } from "../streams/contract.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
import { pageHide$, pageShow$ } from "../streams/page-visits.ts";
import { named } from "../streams/protocol.ts";
import { Leadership } from "./leader.ts";
import { hold, tabLock } from "./locks.ts";
import { remoteSignaling } from "./remote.ts";
import { type Connect, endpointOf } from "./shared-endpoint.ts";
import { checkShared, type SharedOptions } from "./shared-options.ts";
import { checkSharing, connectShared, hasSharedWorker, makeOwn } from "./shared-worker.ts";

export type { SharedOptions } from "./shared-options.ts";

/**
 * One engine for all tabs of an app that are logged in as the same device: one sync, in a `SharedWorker`; where there is
 * none, in the worker of one tab, which leads, until it goes and another does. Throws `invalid_option` for options that
 * cannot be right, and `worker_failed` where tabs cannot share anything: `spawnSignaling` needs less.
 *
 * - A call that rings does so in every tab, also in one that is opened meanwhile. The first that answers or rejects it
 *   has it: for the others it ends with `other_device` and `answered_elsewhere` or `rejected`, and what they still say
 *   of it rejects with `wrong_state`. A call that a tab places is that tab's, and so is one that replaces it (P21).
 * - The calls of a tab that goes, crashed or closed, are hung up; those of the others go on. The last one ends the
 *   engine. A frozen tab has not gone; one that the browser keeps for a return has, and comes back as a new one.
 * - A token that the homeserver knows as the same device's is kept for when the one in use expires; one of another
 *   device ends this half with `invalid_option`.
 *
 * `status$`, `iceServers$` and what ends the engine come to all tabs. An engine that is lost rejects what is pending
 * with `worker_lost`, as that of `spawnSignaling` does.
 */
export function sharedSignaling(options: SharedOptions): SignalingHalf {
  const { script, ...login } = checkShared(options);
  checkSharing();
  const { accessToken, ...device } = login;
  const name = JSON.stringify([device.homeserver, device.userId, device.deviceId]);

  /** From now on this tab is there for the others, under a new name: the hub takes one that has left for gone. */
  const enter = (): Stay => {
    const tab = opaqueId(secureRandom);
    const present = new ReplaySubject<void>(1);
    const life = hold(tabLock(tab)).subscribe(present);
    // Held before the hub asks for it, which takes a lock that nobody holds for a tab that has gone.
    const whenPresent =
      (connect: Connect): Connect =>
      (hello, ports) =>
        present.pipe(switchMap(() => connect(hello, ports)));
    if (hasSharedWorker()) return { tab, life, connect: whenPresent(connectShared(named(name), script)) };
    const leadership = new Leadership({ name, tab, accessToken, makeWorker: () => makeOwn(script) });
    life.add(() => leadership.close());
    return { tab, life, connect: whenPresent(leadership.connect) };
  };

  let stay = enter();
  // Without a `SharedWorker` the token goes to the worker of this tab, or encrypted to the one that leads.
  const start = { ...(hasSharedWorker() ? login : device), tab: stay.tab };
  const leave = () => stay.life.unsubscribe();
  // Before those of the half, which comes back with the new name.
  const visits = pageHide$.subscribe((kept) => kept && leave());
  visits.add(
    pageShow$.subscribe((kept) => {
      if (!kept) return;
      stay = enter();
      start.tab = stay.tab;
    }),
  );
  const half = remoteSignaling(() => endpointOf((hello, ports) => stay.connect(hello, ports)), start);
  const release = () => {
    visits.unsubscribe();
    leave();
  };
  // What cannot go on must not lead.
  half.status$.subscribe(({ error, state }) => state === "stopped" && error && release());
  return { ...half, close: () => half.close().finally(release) };
}

/** A tab's time among the others. Unsubscribing `life` ends it. */
interface Stay {
  readonly tab: string;
  readonly life: Subscription;
  readonly connect: Connect;
}
