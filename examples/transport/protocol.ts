import type { Observable } from "rxjs";
import type { ErrorData, RoomEvent } from "trunkline/streams";

export type Ask =
  | { readonly type: "identity" }
  | { readonly type: "send"; readonly event: NewEvent; readonly txnId: string }
  /** `since` is the `next` of the last sync. */
  | { readonly type: "sync"; readonly since?: number | undefined };

/** With a `stateKey` it is a state event. */
export type NewEvent = Pick<RoomEvent, "roomId" | "type" | "content" | "stateKey">;

export interface News {
  readonly next: number;
  readonly events: readonly RoomEvent[];
  readonly members: readonly { readonly roomId: string; readonly joined: number }[];
}

export type Request = Ask & { readonly id: string; readonly token: string };

export interface Answer {
  readonly id: string;
  readonly value?: unknown;
  readonly error?: ErrorData;
}

/** The way to the relay: sends the request on subscription, emits its answer, and errors where the way is lost. */
export type Wire = (request: Request) => Observable<Answer>;
