import { Subscription } from "rxjs";
import type { IceServer, SessionDescription } from "../streams/contract.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Connection } from "./connection.ts";
import { Lifetime } from "./lifetime.ts";

/** An answer that is made while it rings; `done` settles when it is worth sending, or cannot be made. */
export interface Prepared {
  readonly offer: SessionDescription;
  readonly done: Promise<void>;
  ready: boolean;
}

/** The way to one connection, by an offer or an answer of ours, until a peer's offer takes its place (P21). */
export class Attempt {
  readonly type: "offer" | "answer";
  readonly life = new Lifetime();
  /** Resolves when the ICE servers are there, and so the connection. */
  readonly connecting: Promise<Connection>;
  /** Until the user accepts. */
  prepared: Prepared | undefined;
  /** Has what was prepared made again when it is out of date, until the user accepts. */
  readonly renewing = new Subscription();
  #connection: Connection | undefined;

  constructor(
    type: "offer" | "answer",
    iceServers: Promise<readonly IceServer[]>,
    connect: (iceServers: readonly IceServer[]) => Connection,
  ) {
    this.type = type;
    this.connecting = iceServers.then((servers) => {
      this.life.check();
      this.#connection = connect(servers);
      return this.#connection;
    });
    // It may fail while nobody waits for it.
    this.connecting.catch(() => {});
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Whether a peer's offer may still take its place. */
  get mayGiveWay(): boolean {
    return this.type === "offer" && !this.#connection?.answered;
  }

  end(error: TrunklineError): void {
    this.life.end(error);
    this.renewing.unsubscribe();
    this.#connection?.close();
  }
}

export function gaveWayError(): TrunklineError {
  return new TrunklineError("closed", "The peer's call came first: answer that one.");
}
