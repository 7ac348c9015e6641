import type { Observable } from "rxjs";
import type {
  CallRef,
  Clock,
  Command,
  IceServer,
  MediaSession,
  Signal,
  TraceEntry,
  Transfer,
} from "../streams/contract.ts";
import type { Floor } from "./floor.ts";

export type Incoming = Extract<Signal, { type: "incoming" }>;

/** What a call is given to work with. */
export interface CallParts<TStream> {
  readonly session: MediaSession<TStream>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** As `SignalingHalf.dispatch`; where the engine is lost, again by the next, as long as it is `wanted`. */
  readonly dispatch: (command: Command, wanted: () => boolean) => Promise<void>;
  /** The ICE servers in force (P29): the first within 2 s, none where that is too soon, and each change. */
  readonly iceServers$: Observable<readonly IceServer[]>;
  readonly onTrace: (call: CallRef, entry: TraceEntry) => void;
  readonly floor: Floor;
  /** Takes a signal as if the engine emitted it: that of a call which is to ring after all. */
  readonly receive: (signal: Signal) => void;
  /** Carries out a transfer that the app has allowed. Rejects where it cannot be. */
  readonly onTransfer: (transfer: Transfer, roomId: string) => Promise<void>;
}
