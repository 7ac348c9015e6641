import { ReplaySubject, switchMap } from "rxjs";
import type { SignalingHalf } from "../streams/contract.ts";
import { opaqueId, secureRandom } from "../streams/ids.ts";
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
 *   engine. A frozen tab has not gone.
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
  const tab = opaqueId(secureRandom);
  const present = new ReplaySubject<void>(1);
  const life = hold(tabLock(tab)).subscribe(present);

  const signaling = (connect: Connect, start: object): SignalingHalf => {
    // Held before the hub asks for it, which takes a lock that nobody holds for a tab that has gone.
    const connectPresent: Connect = (hello, ports) => present.pipe(switchMap(() => connect(hello, ports)));
    const half = remoteSignaling(() => endpointOf(connectPresent), { ...start, tab });
    const release = () => life.unsubscribe();
    // What cannot go on must not lead.
    half.status$.subscribe(({ error, state }) => state === "stopped" && error && release());
    return { ...half, close: () => half.close().finally(release) };
  };

  if (hasSharedWorker()) return signaling(connectShared(named(name), script), login);
  // The token goes to a worker of this tab, and not to others over a channel that every script can hear.
  const leadership = new Leadership({ name, tab, accessToken, makeWorker: () => makeOwn(script) });
  life.add(() => leadership.close());
  return signaling(leadership.connect, device);
}
