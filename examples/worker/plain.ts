/** The same with comlink alone: `registerHandlers` at both ends is all that it takes. */
import { expose, type Remote, transferHandlers, wrap } from "comlink";
import { registerHandlers } from "trunkline/comlink";
import { Directory } from "./directory.ts";

export function exposeDirectory(port: MessagePort): void {
  registerHandlers(transferHandlers);
  expose(new Directory(), port);
}

export function wrapDirectory(port: MessagePort): Remote<Directory> {
  registerHandlers(transferHandlers);
  return wrap<Directory>(port);
}

export async function showFree(directory: Remote<Directory>, show: (free: number) => void): Promise<void> {
  const free$ = await directory.free$;
  free$.subscribe(show);
}
