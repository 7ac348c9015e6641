import { distinctUntilChanged, ReplaySubject } from "rxjs";
import type { AssertedIdentity, Capabilities, Party, TraceEntry } from "../streams/contract.ts";
import { Latest } from "../streams/latest.ts";
import type { CallState, Muted, TransferRequest } from "./call.ts";

/** How much of a call's story is kept for those who ask late. */
const STORY_LENGTH = 500;

/** What is known of a call on the main thread, each fact a stream that ends with the call. */
export class Facts {
  readonly state: Latest<CallState>;
  readonly peer = new Latest<Party | undefined>(undefined);
  readonly capabilities = new Latest<Capabilities>({ transferee: false, dtmf: false });
  readonly identity = new Latest<AssertedIdentity>({});
  readonly muted = new Latest<Muted>({ audio: false, video: false });
  readonly transfers = new ReplaySubject<TransferRequest>(1);
  /** Goes on when the call has ended, until the engine is done with it. */
  readonly story = new ReplaySubject<TraceEntry>(STORY_LENGTH);

  constructor(state: CallState) {
    this.state = new Latest(state);
  }

  /** For the outside: to be listened to only. */
  get streams() {
    return {
      state$: this.state.pipe(distinctUntilChanged()),
      peer$: this.peer.asObservable(),
      capabilities$: this.capabilities.asObservable(),
      identity$: this.identity.asObservable(),
      muted$: this.muted.asObservable(),
      transfers$: this.transfers.asObservable(),
      trace$: this.story.asObservable(),
    };
  }

  end(): void {
    this.state.next("ended");
    const { state, peer, capabilities, identity, muted, transfers } = this;
    for (const fact of [state, peer, capabilities, identity, muted, transfers]) fact.complete();
  }
}
