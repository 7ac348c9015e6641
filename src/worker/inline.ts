import { source } from "./entry-source.ts";

/**
 * Makes a worker whose script is in this module, so that there is no URL to serve: for bundlers that do not know
 * `new Worker(new URL(…))`. Give it as an option: `spawnSignaling({ …, worker: inlineWorker })`. The page's CSP has to
 * allow `worker-src blob:`.
 */
export function inlineWorker(): Worker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return new Worker(url, { type: "module", name: "trunkline-signaling" });
  } finally {
    // The worker has what is behind it from the moment that it is made.
    URL.revokeObjectURL(url);
  }
}
