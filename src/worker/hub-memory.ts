import { Subject } from "rxjs";
import type { CallRef, Clock, Memory, MemoryChange, RememberedCall } from "../streams/contract.ts";
import { NO_MEMORY, rebased, remember } from "../streams/memory.ts";
import { PROTOCOL } from "../streams/protocol.ts";
import type { HubCall } from "./hub-state.ts";

/** What the tabs remember of a call: what the engine knows, and whose it is. */
interface State {
  /** The major version of the hub that it is of; one of another is never read. */
  readonly major: typeof PROTOCOL.major;
  readonly engine: unknown;
  readonly hub: Omit<HubCall, keyof CallRef>;
  /** When this was so, on the clock of its hub. */
  readonly at: number;
}

/** The memory of an engine and of its hub, as one that looks like an engine's to whoever keeps it. */
export class HubMemory {
  readonly #changes = new Subject<MemoryChange>();
  readonly #find: (ref: CallRef) => HubCall | undefined;
  readonly #clock: Clock;
  #engine: Memory;

  /** `find` tells what the hub knows of a call. */
  constructor(find: (ref: CallRef) => HubCall | undefined, clock: Clock, engine: Memory = NO_MEMORY) {
    this.#find = find;
    this.#clock = clock;
    this.#engine = engine;
  }

  /** Emits each change as it happens. */
  readonly changes$ = this.#changes.asObservable();

  /** Everything there is to remember, for whoever remembers nothing yet. */
  whole(): MemoryChange[] {
    const { position, calls } = this.#engine;
    return [
      ...(position === undefined ? [] : [{ type: "position", position } as const]),
      ...calls.map((call) => this.#wrap(call)),
    ];
  }

  /** Takes note of what the engine says. */
  change(change: MemoryChange): void {
    this.#engine = remember(this.#engine, change);
    this.#changes.next(change.type === "call" ? this.#wrap(change) : change);
  }

  /** What the hub knows of these calls has changed. */
  update(calls: readonly HubCall[]): void {
    for (const { roomId, callId } of calls) {
      const known = this.#engine.calls.find((call) => call.roomId === roomId && call.callId === callId);
      if (known) this.#changes.next(this.#wrap(known));
    }
  }

  #wrap({ roomId, callId, state }: Partial<RememberedCall> & CallRef): MemoryChange {
    if (state === undefined) return { type: "call", roomId, callId };
    const { roomId: _, callId: __, ...hub } = this.#find({ roomId, callId }) ?? { roomId, callId, heard: [] };
    const wrapped: State = { major: PROTOCOL.major, engine: state, hub, at: this.#clock.now() };
    return { type: "call", roomId, callId, state: wrapped };
  }
}

/** What the engine is to remember of a memory that `HubMemory` made, and the calls of the hub, on a clock that shows `now`. */
export function unwrap(
  memory: Memory,
  now: number,
): { readonly engine: Memory; readonly calls: readonly HubCall[] } {
  const calls = memory.calls.flatMap(({ roomId, callId, state }) => {
    const { major, engine, hub, at } = (state ?? {}) as State;
    if (major !== PROTOCOL.major) return [];
    const until = hub.until !== undefined && { until: rebased(hub.until, at, now) };
    return { engine: { roomId, callId, state: engine }, hub: { ...hub, ...until, roomId, callId } };
  });
  return {
    engine: { ...memory, calls: calls.map(({ engine }) => engine) },
    calls: calls.map(({ hub }) => hub),
  };
}
