import type { Observable } from "rxjs";
import type { IceServer } from "../streams/contract.ts";

/** One connection that is ready before there is a call for it: its certificate made, its candidates gathered. */
export class Spare {
  readonly #make: (iceServers: readonly IceServer[]) => RTCPeerConnection;
  #iceServers: readonly IceServer[] | undefined;
  #pc: RTCPeerConnection | undefined;
  readonly #end: () => void;

  constructor(
    iceServers$: Observable<readonly IceServer[]>,
    make: (iceServers: readonly IceServer[]) => RTCPeerConnection,
  ) {
    this.#make = make;
    const over = () => this.#renew(undefined);
    const following = iceServers$.subscribe({
      next: (iceServers) => this.#renew(iceServers),
      error: over,
      complete: over,
    });
    this.#end = () => following.unsubscribe();
  }

  /** The connection, where it was made with these servers: whoever takes it has to close it. */
  take(iceServers: readonly IceServer[]): RTCPeerConnection | undefined {
    if (!same(iceServers, this.#iceServers)) return undefined;
    const pc = this.#pc;
    this.#pc = undefined;
    return pc;
  }

  /** Makes another where there is none. */
  refill(): void {
    if (this.#pc || !this.#iceServers) return;
    try {
      this.#pc = this.#make(this.#iceServers);
    } catch {
      // The call that needs one says why there is none.
    }
  }

  close(): void {
    this.#end();
    this.#renew(undefined);
  }

  #renew(iceServers: readonly IceServer[] | undefined): void {
    if (same(iceServers, this.#iceServers)) return;
    this.#iceServers = iceServers;
    this.#pc?.close();
    this.#pc = undefined;
    this.refill();
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
