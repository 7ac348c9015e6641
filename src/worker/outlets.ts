import { BehaviorSubject, ReplaySubject, Subject } from "rxjs";
import type { FinalRequest, IceServer, Signal, SignalingStatus } from "../streams/contract.ts";
import { type TrunklineError, toErrorData } from "../streams/errors.ts";

/** The streams of a half on this side: they outlive its engines. */
export class Outlets {
  readonly signals = new Subject<Signal>();
  readonly iceServers = new ReplaySubject<readonly IceServer[]>(1);
  /** Those of an engine that is lost are good until the next has them. */
  readonly finalRequests = new BehaviorSubject<readonly FinalRequest[]>([]);
  readonly status = new ReplaySubject<SignalingStatus>(1);
  #last: SignalingStatus = { state: "starting" };

  constructor() {
    this.status.next(this.#last);
  }

  get stopped(): boolean {
    return this.#last.state === "stopped";
  }

  become(next: SignalingStatus): void {
    this.#last = next;
    this.status.next(next);
  }

  /** There is no engine for now, and why. */
  reconnect(error: TrunklineError): void {
    this.become({ ...this.#who(), state: "reconnecting", error: toErrorData(error) });
  }

  /** Ends the streams: with the error, unless it was asked for. */
  finish(error: TrunklineError): void {
    const asked = error.code === "closed";
    if (!this.stopped)
      this.become({ ...this.#who(), state: "stopped", ...(!asked && { error: toErrorData(error) }) });
    this.status.complete();
    this.finalRequests.complete();
    for (const subject of [this.signals, this.iceServers]) {
      if (asked) subject.complete();
      else subject.error(error);
    }
  }

  #who(): Pick<SignalingStatus, "identity"> {
    const { identity } = this.#last;
    return identity ? { identity } : {};
  }
}
