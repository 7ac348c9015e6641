/** What a worker hears its first message from: of the web its global scope, of Node its parent's port. */
interface Scope {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
}

interface NodeProcess {
  getBuiltinModule(id: "node:worker_threads"): { readonly parentPort: Scope };
}

export function onMessageToWorker(listener: (data: unknown) => void): void {
  const { process } = globalThis as { process?: NodeProcess };
  const scope: Scope = process?.getBuiltinModule("node:worker_threads").parentPort ?? (globalThis as Scope);
  scope.addEventListener("message", ({ data }) => listener(data));
  scope.start?.();
}
