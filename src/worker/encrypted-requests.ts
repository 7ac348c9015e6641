import { Observable, ReplaySubject } from "rxjs";
import type { DeviceVerification } from "../streams/device.ts";
import { TrunklineError } from "../streams/errors.ts";
import type { Served } from "../streams/link.ts";
import { type Answer, unwrap } from "../streams/link-control.ts";

/** What the page asks of the worker; `id` names its answer. */
export interface VerificationRequest {
  readonly id: number;
  readonly recoveryKey: string;
}

interface Pending extends VerificationRequest {
  sent: boolean;
  readonly settle: (answer: Answer) => void;
  readonly reject: (error: TrunklineError) => void;
}

/** The page's side of the verification of its device, which each worker in turn reads from what is served. */
export class VerificationRequests {
  readonly #pending = new Map<number, Pending>();
  readonly #verification = new ReplaySubject<DeviceVerification>(1);
  #send: ((request: VerificationRequest) => void) | undefined;
  #ended: TrunklineError | undefined;
  #lastId = 0;

  readonly verification$ = this.#verification.asObservable();

  readonly served: Served = {
    verification: async (state: DeviceVerification) => this.#verification.next(state),
    verificationAnswer: async (id: number, answer: Answer) => this.#pending.get(id)?.settle(answer),
    // Subscribed to for as long as the worker lives.
    verificationRequests: new Observable<VerificationRequest>((subscriber) => {
      this.#send = (request) => subscriber.next(request);
      for (const request of this.#pending.values()) this.#pass(request);
      return () => {
        this.#send = undefined;
        const lost = new TrunklineError("worker_lost", "The worker is gone, and what it was asked with it");
        for (const { sent, reject } of [...this.#pending.values()]) if (sent) reject(lost);
      };
    }),
  };

  /** Waits for a worker that has not started yet; rejects with its error, or `worker_lost` where it dies meanwhile. */
  async verify(recoveryKey: string): Promise<void> {
    if (this.#ended) throw this.#ended;
    const id = ++this.#lastId;
    try {
      unwrap(
        await new Promise<Answer>((settle, reject) => {
          const request = { id, recoveryKey, sent: false, settle, reject };
          this.#pending.set(id, request);
          this.#pass(request);
        }),
      );
    } finally {
      this.#pending.delete(id);
    }
  }

  /** There will be no more worker. */
  end(error: TrunklineError): void {
    this.#ended ??= error;
    for (const { reject } of [...this.#pending.values()]) reject(error);
    this.#verification.complete();
  }

  #pass(request: Pending): void {
    request.sent = this.#send !== undefined;
    this.#send?.({ id: request.id, recoveryKey: request.recoveryKey });
  }
}
