import { Observable, ReplaySubject } from "rxjs";
import type { DeviceVerification } from "../streams/device.ts";
import { type ErrorData, fromErrorData, TrunklineError } from "../streams/errors.ts";

/** What the page asks of the worker; `id` names its answer. */
export interface VerificationRequest {
  readonly id: number;
  readonly recoveryKey: string;
}

/** What a page exposes to its worker, so that its device can be verified. */
export interface VerificationPage {
  /** Subscribed to for as long as the worker lives. */
  readonly verificationRequests$: Observable<VerificationRequest>;
  /** `error` is what the verification failed with. */
  answered(id: number, error?: ErrorData): void;
  /** Tells whether the device is verified. */
  verification(state: DeviceVerification): void;
}

interface Pending extends VerificationRequest {
  sent: boolean;
  readonly resolve: () => void;
  readonly reject: (error: TrunklineError) => void;
}

/** The page's side of the verification of its device, which each worker in turn reads from what is exposed. */
export class VerificationRequests {
  readonly #pending = new Map<number, Pending>();
  readonly #verification = new ReplaySubject<DeviceVerification>(1);
  #send: ((request: VerificationRequest) => void) | undefined;
  #ended: TrunklineError | undefined;
  #lastId = 0;

  readonly verification$ = this.#verification.asObservable();

  readonly exposed: VerificationPage = {
    verificationRequests$: new Observable((subscriber) => {
      this.#send = (request) => subscriber.next(request);
      for (const request of this.#pending.values()) this.#pass(request);
      return () => {
        this.#send = undefined;
        const lost = new TrunklineError("worker_lost", "The worker is gone, and what it was asked with it");
        for (const { sent, reject } of [...this.#pending.values()]) if (sent) reject(lost);
      };
    }),
    answered: (id, error) => {
      if (error) this.#pending.get(id)?.reject(fromErrorData(error));
      else this.#pending.get(id)?.resolve();
    },
    verification: (state) => this.#verification.next(state),
  };

  /** Waits for a worker that has not started yet; rejects with its error, or `worker_lost` where it dies meanwhile. */
  async verify(recoveryKey: string): Promise<void> {
    if (this.#ended) throw this.#ended;
    const id = ++this.#lastId;
    try {
      await new Promise<void>((resolve, reject) => {
        const request = { id, recoveryKey, sent: false, resolve, reject };
        this.#pending.set(id, request);
        this.#pass(request);
      });
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
