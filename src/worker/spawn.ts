import type { SignalingHalf } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { WorkerEndpoint } from "./endpoint.ts";
import { remoteSignaling } from "./remote.ts";

export type { WorkerEndpoint } from "./endpoint.ts";

export interface SpawnOptions {
  /** Base URL of the homeserver's client-server API, with `http:` or `https:`. */
  readonly homeserver: string;
  readonly accessToken: string;
  /** Whose token it is, where known; otherwise the homeserver is asked. */
  readonly userId?: string;
  readonly deviceId?: string;
  /**
   * Where the engine runs: a worker whose script imports `trunkline/worker/entry`, a port to one, or a function that
   * makes one, which is then terminated on `close()`. Absent: a worker of our own, made from that script by its URL.
   * Node has no `Worker` of the web: give a function that makes one of `node:worker_threads`.
   */
  readonly worker?: WorkerEndpoint | (() => WorkerEndpoint);
}

/**
 * Starts the engine in a worker. Throws `invalid_option` for options that cannot be right.
 *
 * A worker that does not start ends everything with `worker_failed`, at the latest after 15 s; one that dies, or
 * answers nothing for 6 s, with `worker_lost`.
 */
export function spawnSignaling(options: SpawnOptions): SignalingHalf {
  const { worker = makeWorker(), ...start } = check(options);
  return remoteSignaling(worker, start);
}

function makeWorker(): () => WorkerEndpoint {
  if (typeof Worker !== "function") {
    throw invalid("worker", "a function that makes a worker, for this runtime has no Worker of its own");
  }
  // In one expression, for that is the form in which bundlers look for workers.
  return () =>
    new Worker(new URL("./entry.js", import.meta.url), { type: "module", name: "trunkline-signaling" });
}

/** The options, and nothing else that may be on the object: what goes to the worker has to be cloned. */
function check(options: SpawnOptions): SpawnOptions {
  const { homeserver, accessToken, userId, deviceId, worker } = options ?? {};
  if (!isHttpUrl(homeserver)) throw invalid("homeserver", 'a URL such as "https://matrix.example.org"');
  if (!isText(accessToken)) throw invalid("accessToken", "the access token of a login, as text");
  if (userId !== undefined && !isUserId(userId))
    throw invalid("userId", 'a user id such as "@me:example.org"');
  if (deviceId !== undefined && !isText(deviceId))
    throw invalid("deviceId", "the device id of the login, as text");
  if (worker !== undefined && typeof worker !== "function" && typeof worker?.postMessage !== "function") {
    throw invalid("worker", "a Worker, a MessagePort, or a function that makes a Worker");
  }
  return {
    homeserver,
    accessToken,
    ...(userId !== undefined && { userId }),
    ...(deviceId !== undefined && { deviceId }),
    ...(worker !== undefined && { worker }),
  };
}

function isHttpUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:/i.test(value) && URL.canParse(value);
}

function isUserId(value: unknown): value is string {
  return isText(value) && value.startsWith("@") && value.includes(":");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function invalid(name: keyof SpawnOptions, wanted: string): TrunklineError {
  return new TrunklineError("invalid_option", `spawnSignaling: "${name}" must be ${wanted}`);
}
