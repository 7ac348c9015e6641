/** On the page: the directory of a worker. */
import type { Observable } from "rxjs";
import { wrapPort } from "trunkline/comlink";
import { TrunklineError } from "trunkline/streams";
import type { Directory } from "./directory.ts";

export interface RemoteDirectory {
  readonly free$: Observable<number>;
  add(userId: string, free: boolean): Promise<number>;
  close(): void;
}

export const makeWorker = (): Worker =>
  new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "directory" });

/** Whatever is pending when the worker fails rejects with `worker_lost`, and so does what comes after. */
export function openDirectory(worker: Worker): RemoteDirectory {
  const { port1, port2 } = new MessageChannel();
  const { call, stream, end } = wrapPort<Directory>(port1);
  worker.addEventListener("error", ({ message }) => end(new TrunklineError("worker_lost", message)));
  worker.postMessage(port2, [port2]);
  return {
    free$: stream((directory) => directory.free$),
    add: (userId, free) => call((directory) => directory.add(userId, free)),
    close() {
      end(new TrunklineError("closed", "The directory was closed"));
      worker.terminate();
    },
  };
}
