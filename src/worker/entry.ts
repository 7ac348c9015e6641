/**
 * What runs in the worker: an engine over the Matrix transport for every page that says hello. Importing this module
 * is all it takes, in a worker of the web, of Deno, or of Node.
 */
import { createEngine } from "../signaling/engine.ts";
import { matrixTransport } from "../signaling/transports/matrix.ts";
import { readHello } from "../streams/link-control.ts";
import { hostSignaling } from "./host.ts";

interface Scope {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
}

/** Node has no worker globals: its port is asked of the process, for an import of `node:` would stop a bundler. */
interface NodeProcess {
  getBuiltinModule?(id: "node:worker_threads"): { readonly parentPort: Scope | null };
}

function workerScope(): Scope {
  if (typeof globalThis.postMessage === "function") return globalThis as Scope;
  const { process } = globalThis as { process?: NodeProcess };
  const port = process?.getBuiltinModule?.("node:worker_threads").parentPort;
  if (!port)
    throw new Error("trunkline/worker/entry runs in a worker only; on the page use trunkline/worker/spawn");
  return port;
}

const scope = workerScope();
scope.addEventListener("message", ({ data }) => {
  const ports = readHello<MessagePort>(data);
  if (!ports) return;
  hostSignaling(ports, (options) =>
    createEngine({ transport: matrixTransport(options as Parameters<typeof matrixTransport>[0]) }),
  );
});
scope.start?.();
