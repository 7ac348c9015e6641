import { map, merge, type Observable } from "rxjs";
import type { IceServer } from "../streams/contract.ts";
import { quietly } from "./quietly.ts";

/** One connection that is ready before there is a call for it: its certificate made, its candidates gathered. */
export interface Spare {
  /** The connection, where it was made with these servers: whoever takes it has to close it. */
  take(iceServers: readonly IceServer[]): RTCPeerConnection | undefined;
  /** Makes another where there is none. */
  refill(): void;
  close(): void;
}

/**
 * Keeps a connection ready. Made again when `stale$` emits, and with whatever servers come: those that come again have
 * renewed credentials.
 */
export function keepSpare(
  iceServers$: Observable<readonly IceServer[]>,
  stale$: Observable<unknown>,
  make: (iceServers: readonly IceServer[]) => RTCPeerConnection,
): Spare {
  let servers: readonly IceServer[] | undefined;
  let pc: RTCPeerConnection | undefined;

  const refill = () => {
    if (pc || !servers) return;
    try {
      pc = make(servers);
    } catch {
      // The call that needs one says why there is none.
    }
  };
  const renew = (iceServers?: readonly IceServer[]) => {
    servers = iceServers;
    const last = pc;
    quietly(() => last?.close());
    pc = undefined;
    refill();
  };
  const following = merge(iceServers$, stale$.pipe(map(() => servers))).subscribe({
    next: renew,
    error: () => renew(),
  });

  return {
    take(iceServers) {
      if (JSON.stringify(iceServers) !== JSON.stringify(servers)) return undefined;
      const taken = pc;
      pc = undefined;
      return taken;
    },
    refill,
    close() {
      following.unsubscribe();
      renew();
    },
  };
}
