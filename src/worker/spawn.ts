import { exposedTransport } from "../comlink/transport.ts";
import { realClock } from "../streams/clock.ts";
import type { SignalingHalf, Transport } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import { keepBatches } from "./kept-batches.ts";
import { checkOptions, type SignalingOptions } from "./options.ts";
import { type PageSide, remoteSignaling } from "./remote.ts";
import { asUrl, isScriptUrl, type ScriptUrl } from "./script-url.ts";
import { singleRefresh } from "./tokens.ts";

export type { WorkerEndpoint } from "./endpoint.ts";
export type { LoginOptions, SignalingOptions, TransportOptions } from "./options.ts";
export type { ScriptUrl, TrustedScriptUrl } from "./script-url.ts";

export type SpawnOptions = SignalingOptions & {
  /**
   * Where the engine runs: a function that makes a worker whose script imports `trunkline/worker/entry`, or such a
   * worker itself, or a port to one. A worker that a function makes is made anew when it dies, and terminated on
   * `close()`; so is one that is given by the address of its script, which is a `TrustedScriptURL` where the page
   * requires trusted types. Absent: a worker of our own, made from that script by its URL. Node has no `Worker` of the web: give a
   * function that makes one of `node:worker_threads`.
   */
  readonly worker?: WorkerEndpoint | (() => WorkerEndpoint) | ScriptUrl;
};

/**
 * Starts the engine in a worker. Throws `invalid_option` for options that cannot be right. What becomes of a worker
 * that dies or does not start: see `remoteSignaling`.
 *
 * With a `transport`, which stays on this thread, the engine reads it through a port; while there is no engine its
 * batches are kept for the next, up to 1,000.
 */
export function spawnSignaling(options: SpawnOptions): SignalingHalf {
  const worker = checkWorker(options?.worker);
  const checked = checkOptions(options, "spawnSignaling");
  if (checked.transport) {
    const { transport, ...start } = checked;
    return remoteSignaling(worker, start, undefined, servingTransport(transport));
  }

  const { tokenRefresh, ...login } = checked;
  if (!tokenRefresh) return remoteSignaling(worker, login);
  // Read whenever a worker is made: one that is made anew begins with the token then in force.
  const start = { ...login, tokenRefresh: true };
  const refresh = singleRefresh(tokenRefresh, (accessToken) => Object.assign(start, { accessToken }));
  return remoteSignaling(worker, start, undefined, { exposed: { tokenRefresh: refresh } });
}

function servingTransport(transport: Transport): PageSide {
  const kept = keepBatches(transport.batches$, realClock);
  return {
    exposed: { ...exposedTransport(transport), batches$: kept.batches$ },
    onPosition: kept.read,
    close: kept.close,
  };
}

function checkWorker(worker: SpawnOptions["worker"]): WorkerEndpoint | (() => WorkerEndpoint) {
  if (worker === undefined || isScriptUrl(worker)) return makeWorker(worker);
  if (typeof worker === "function" || typeof worker?.postMessage === "function") return worker;
  throw invalid("a Worker, a MessagePort, a function that makes a Worker, or the URL of its script");
}

function makeWorker(script: ScriptUrl | undefined): () => WorkerEndpoint {
  if (typeof Worker !== "function") {
    throw invalid("a function that makes a worker, for this runtime has no Worker of its own");
  }
  if (script !== undefined)
    return () => new Worker(asUrl(script), { type: "module", name: "trunkline-signaling" });
  // In one expression, for that is the form in which bundlers look for workers.
  return () =>
    new Worker(new URL("./entry.js", import.meta.url), { type: "module", name: "trunkline-signaling" });
}

function invalid(wanted: string): TrunklineError {
  return new TrunklineError("invalid_option", `spawnSignaling: "worker" must be ${wanted}`);
}
