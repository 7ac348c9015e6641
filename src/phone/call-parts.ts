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
import type { TransferRequest } from "./call.ts";
import type { Floor } from "./floor.ts";

export type RefuseTransfer = (reason: "declined" | "failed_call") => void;

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
  /** Makes a request of the peer's transfer. Rejects where it cannot be considered. */
  readonly consider: (transfer: Transfer, refuse: RefuseTransfer) => Promise<TransferRequest>;
}
