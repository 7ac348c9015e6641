import { Observable } from "rxjs";
import { TrunklineError } from "../streams/errors.ts";
import { asUrl, type ScriptUrl } from "./script-url.ts";
import type { Connect } from "./shared-endpoint.ts";

type Script = ScriptUrl | undefined;

/** Connects to the one worker of that name. Errors where its script cannot be loaded. */
export function connectShared(name: string, script: Script): Connect {
  return (hello, ports) =>
    new Observable((subscriber) => {
      const worker = makeShared(name, script);
      const fail = (event: Event) => subscriber.error(event);
      worker.addEventListener("error", fail);
      worker.port.postMessage(hello, [...ports]);
      return () => {
        worker.removeEventListener("error", fail);
        worker.port.close();
      };
    });
}

// In one expression each, for that is the form in which bundlers look for workers.
const makeShared = (name: string, script: Script): SharedWorker =>
  script === undefined
    ? new SharedWorker(new URL("./shared-entry.js", import.meta.url), { type: "module", name })
    : new SharedWorker(asUrl(script), { type: "module", name });

/** The worker of a tab that leads, where there are no shared ones. */
export const makeOwn = (script: Script): Worker =>
  script === undefined
    ? new Worker(new URL("./shared-entry.js", import.meta.url), { type: "module", name: "trunkline-leader" })
    : new Worker(asUrl(script), { type: "module", name: "trunkline-leader" });

export const hasSharedWorker = (): boolean => typeof SharedWorker === "function";

/** Throws `worker_failed` where tabs have no means to share an engine. */
export function checkSharing(): void {
  const locks = typeof navigator === "object" && navigator.locks;
  const channel = typeof BroadcastChannel === "function" && typeof Worker === "function";
  if (locks && (hasSharedWorker() || channel)) return;
  const missing = locks
    ? "SharedWorker, nor BroadcastChannel and Worker"
    : "Web Locks (on plain HTTP no browser has)";
  throw new TrunklineError(
    "worker_failed",
    `sharedSignaling: this runtime has no ${missing}. Use spawnSignaling, which gives each tab an engine of its own`,
  );
}
