import type { CallRef, Signal } from "../streams/contract.ts";

/** The calls that a page takes for live, by the signals that it received. */
export class KnownCalls {
  #calls: readonly CallRef[] = [];

  get list(): readonly CallRef[] {
    return this.#calls;
  }

  observe(signal: Signal): void {
    const { type, roomId, callId } = signal;
    if (type === "trace" || type === "ignored") return;
    const replaced = type === "incoming" ? signal.replaces : undefined;
    const others = this.#calls.filter(
      (call) => call.roomId !== roomId || (call.callId !== callId && call.callId !== replaced),
    );
    this.#calls = type === "ended" ? others : [...others, { roomId, callId }];
  }
}
