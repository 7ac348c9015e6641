import { defer, map, type Observable, ReplaySubject, Subject, Subscription, skipWhile } from "rxjs";
import type { FinalRequest, IceServer, SignalingHalf, SignalingStatus } from "../streams/contract.ts";
import { type TrunklineError, toErrorData } from "../streams/errors.ts";
import type { SentSignal } from "../streams/hello.ts";

export type Streams = Required<
  Pick<SignalingHalf, "signals$" | "status$" | "iceServers$" | "finalRequests$">
>;

/** One connection of a tab to the hub: the streams of its signalling half, until it is ended or lost. */
export class HubLink {
  readonly #signals = new Subject<SentSignal>();
  readonly #status = new ReplaySubject<SignalingStatus>(1);
  readonly #iceServers = new ReplaySubject<readonly IceServer[]>(1);
  readonly #finalRequests = new ReplaySubject<readonly FinalRequest[]>(1);
  readonly #life = new Subscription();
  readonly #closed = new ReplaySubject<void>(1);
  #last: SignalingStatus = { state: "starting" };
  #read = false;

  /** `begin` is called a turn after the first subscription to `signals$`, so that whoever subscribes misses nothing. */
  readonly streams: Streams & { readonly sent$: Observable<SentSignal> };

  constructor(begin: () => void) {
    this.#life.add(() => this.#closed.next());
    this.#status.next(this.#last);
    const sent$ = defer(() => {
      if (!this.#read && !this.#life.closed) queueMicrotask(begin);
      this.#read = true;
      return this.#signals;
    });
    this.streams = {
      sent$,
      signals$: sent$.pipe(map(({ signal }) => signal)),
      status$: this.#status.asObservable(),
      iceServers$: this.#iceServers.asObservable(),
      finalRequests$: this.#finalRequests.asObservable(),
    };
  }

  /** Emits when it has been ended or lost. */
  get closed$(): Observable<void> {
    return this.#closed;
  }

  get closed(): boolean {
    return this.#life.closed;
  }

  /** What goes to every tab alike. */
  follow({ status$, iceServers$, finalRequests$ }: Streams): void {
    if (this.closed) return;
    const pass = <T>(source: Observable<T>, next: (value: T) => void) =>
      // How they end is told by `end`.
      this.#life.add(source.subscribe({ next, error: () => {} }));
    pass(status$.pipe(skipWhile(({ state, identity }) => state === "starting" && !identity)), (status) => {
      this.#last = status;
      this.#status.next(status);
    });
    pass(iceServers$, (servers) => this.#iceServers.next(servers));
    pass(finalRequests$, (requests) => this.#finalRequests.next(requests));
  }

  tell(sent: SentSignal): void {
    this.#signals.next(sent);
  }

  /** Says no more, and ends nothing: there is nobody at the other end. */
  lose(): void {
    this.#life.unsubscribe();
  }

  /** Ends every stream: with an error, or because it was asked to. */
  end(error?: TrunklineError): void {
    if (this.closed) return;
    this.#life.unsubscribe();
    const { identity } = this.#last;
    if (this.#last.state !== "stopped") {
      this.#status.next({
        state: "stopped",
        ...(identity && { identity }),
        ...(error && { error: toErrorData(error) }),
      });
    }
    this.#status.complete();
    this.#finalRequests.complete();
    for (const subject of [this.#iceServers, this.#signals]) {
      if (error) subject.error(error);
      else subject.complete();
    }
  }
}
