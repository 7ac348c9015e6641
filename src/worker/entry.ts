/**
 * What runs in the worker: an engine for every page that says hello, over the Matrix transport or the page's own.
 * Importing this module is all it takes, in a worker of the web, of Deno, or of Node.
 */
import { wrapPort } from "../comlink/port.ts";
import { remoteTransport } from "../comlink/transport.ts";
import { createEngine, type EngineOptions } from "../signaling/engine.ts";
import { type MatrixTransportOptions, matrixTransport } from "../signaling/transports/matrix.ts";
import type { Memory, TokenRefresh } from "../streams/contract.ts";
import { readHello } from "../streams/hello.ts";
import { type HostedHalf, hostSignaling } from "./host.ts";

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

/** A login, of which only the page knows how to get new tokens. */
type Login = Omit<MatrixTransportOptions, "tokenRefresh"> & { readonly tokenRefresh?: boolean };

function lean({ tokenRefresh, ...login }: Login, memory?: Memory, page?: MessagePort) {
  const remote = tokenRefresh && page && wrapPort<{ tokenRefresh: TokenRefresh }>(page);
  return matrixTransport({
    ...login,
    ...(memory?.position !== undefined && { since: memory.position }),
    ...(remote && { tokenRefresh: () => remote.call((far) => far.tokenRefresh()) }),
  });
}

/** What the page gives: a login, or nothing where it has the transport. */
type Start = Partial<Login> & Pick<EngineOptions, "policy">;

const isLogin = (login: object): login is Login => Object.hasOwn(login, "homeserver");

const scope = workerScope();
scope.addEventListener("message", ({ data }) => {
  const ports = readHello<MessagePort>(data);
  if (!ports) return;
  hostSignaling(ports, (options, { memory, known, page }): HostedHalf => {
    const { policy, ...login } = options as Start;
    const transport = isLogin(login) || !page ? lean(login as Login, memory, page) : remoteTransport(page);
    return createEngine({
      transport,
      known,
      ...(memory && { memory }),
      ...(policy !== undefined && { policy }),
    });
  });
});
scope.start?.();
