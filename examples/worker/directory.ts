/** In the worker: what it exposes, and how. */
import { interval, map, type Observable, startWith } from "rxjs";
import { exposePort } from "trunkline/comlink";
import { TrunklineError } from "trunkline/streams";

/** People that can be called, and how many of them are free. */
export class Directory {
  readonly #people = new Map<string, { readonly free: boolean }>();

  /** Emits how many are free now, and then each second; each subscription counts by itself. */
  readonly free$: Observable<number> = interval(1_000).pipe(
    startWith(0),
    map(() => [...this.#people.values()].filter(({ free }) => free).length),
  );

  /** Rejects with `invalid_option` for what is no user id. */
  async add(userId: string, free: boolean): Promise<number> {
    if (!userId.startsWith("@")) throw new TrunklineError("invalid_option", `"${userId}" is no user id`);
    this.#people.set(userId, { free });
    return this.#people.size;
  }
}

/** One directory for each page that sends a port. */
export function serveDirectories(scope: {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}): void {
  scope.addEventListener("message", ({ data }) => {
    if (data instanceof MessagePort) exposePort(data, new Directory());
  });
}
