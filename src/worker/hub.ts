import {
  concat,
  defer,
  EMPTY,
  firstValueFrom,
  from,
  map,
  type Observable,
  ReplaySubject,
  race,
  Subscription,
  take,
  takeUntil,
  timer,
} from "rxjs";
import type {
  CallRef,
  Clock,
  Command,
  Memory,
  MemoryChange,
  RememberedCall,
  Signal,
  SignalingHalf,
} from "../streams/contract.ts";
import { fromErrorData, TrunklineError, toTrunklineError } from "../streams/errors.ts";
import type { SentSignal } from "../streams/hello.ts";
import type { HubLink } from "./hub-link.ts";
import { HubMemory, unwrap } from "./hub-memory.ts";
import { type HubEffect, type HubInput, hubState, step } from "./hub-state.ts";
import { HubTab } from "./hub-tab.ts";

/** How long the homeserver may take to hear of the hangups of a tab that goes, in ms. */
const FAREWELL = 2_000;

/** An engine that may tell what is to be remembered of it, and take up calls that another had. */
export type Engine = SignalingHalf & {
  readonly memory$?: Observable<MemoryChange>;
  adopt?(calls: readonly RememberedCall[]): void;
};

/** The signalling half of one tab. */
export type TabHalf = SignalingHalf & {
  readonly memory$: Observable<MemoryChange>;
  /** The signals, each with a receipt to be given back. */
  readonly sent$: Observable<SentSignal>;
  received(receipt: string): void;
  /** The connection is lost, but the tab may be there: its calls are kept, and so are signals without a receipt. */
  lost(): void;
};

export interface HubOptions {
  /** Tells this hub from others. */
  readonly id: string;
  /** `known` are the calls that must be ended where the engine has none such. */
  readonly createEngine: (memory: Memory | undefined, known: readonly CallRef[]) => Engine;
  /** Emits once, when that tab is gone. */
  readonly gone: (tab: string) => Observable<unknown>;
  readonly clock: Clock;
  /** That of a hub which was lost, as one of its tabs remembers it. */
  readonly memory?: Memory;
}

export interface Hub {
  /** Whether it has ended, or is about to: the next tab needs a new one. */
  readonly over: boolean;
  /** The half of a tab, which may have had one before. */
  join(tab: string, joining?: Joining): TabHalf;
}

/** What a tab brings when it joins. */
export interface Joining {
  /** The half works once this has resolved, and fails as it does. */
  readonly admission?: Promise<void> | undefined;
  /** Of the last signal that it received. */
  readonly receipt?: string | undefined;
  /** Of a hub that was lost: taken up where this one began without. */
  readonly memory?: Memory | undefined;
  /** The calls that it takes for live: once the engine has read on, it is told of the end of those that are not. */
  readonly known?: readonly CallRef[] | undefined;
}

/** One engine for several tabs. It ends with the last tab: each is watched from when it joins, or was remembered. */
export function createHub({ id: hubId, createEngine, gone, clock, memory }: HubOptions): Hub {
  const known = memory && unwrap(memory, clock.now());
  const engine = createEngine(known?.engine, known?.calls ?? []);
  const tabs = new Map<string, HubTab>();
  const life = new Subscription();
  let state = hubState(known?.calls);
  let listening = false;
  let over = false;

  /** An engine may have something left to say for a call that has ended. */
  const find = (ref: CallRef) =>
    [...state.calls, ...state.ended].find(
      ({ roomId, callId }) => roomId === ref.roomId && callId === ref.callId,
    );
  const remembered = new HubMemory(find, clock, known?.engine);
  /** Emits once the engine has read a batch: what rings is known. */
  const read$ = new ReplaySubject<void>(1);
  life.add(
    engine.memory$?.subscribe((change) => {
      remembered.change(change);
      if (change.type === "position") read$.next();
    }),
  );

  /** Settles when what it dispatches has settled. */
  const apply = async (input: HubInput): Promise<void> => {
    const before = state.calls;
    const { state: next, effects } = step(state, input, clock.now());
    state = next;
    remembered.update(next.calls.filter((call) => !before.includes(call)));
    await Promise.all(effects.map(perform));
  };

  const perform = (effect: HubEffect): Promise<void> | undefined => {
    if (effect.type === "dispatch") return dispatch(effect.command);
    if (effect.type === "refuse") return Promise.reject(fromErrorData(effect.error));
    tabs.get(effect.tab)?.tell(effect.signal);
    return undefined;
  };

  const dispatch = async (command: Command): Promise<void> => {
    try {
      await engine.dispatch(command);
    } catch (thrown) {
      if (toTrunklineError(thrown).code === "unknown_call") apply({ type: "unknown", call: command });
      throw thrown;
    }
  };

  const stop = (error?: TrunklineError) => {
    over = true;
    life.unsubscribe();
    for (const tab of tabs.values()) tab.end(error);
    tabs.clear();
  };

  /** The engine syncs from here on, so that nothing is missed. */
  const listen = () => {
    if (listening) return;
    listening = true;
    life.add(
      engine.signals$.subscribe({
        next: (signal: Signal) => void apply({ type: "signal", signal }),
        error: (thrown) => stop(toTrunklineError(thrown)),
        complete: () => stop(),
      }),
    );
  };

  /** The engine hangs up the calls of the last tab, and says so. */
  const leave = (id: string): Promise<void> => {
    const tab = tabs.get(id);
    if (!tab) return Promise.resolve();
    tab.leaving ??= farewell(id, tab);
    return tab.leaving;
  };

  const farewell = async (id: string, tab: HubTab): Promise<void> => {
    const last = [...tabs.values()].every((other) => other === tab || other.leaving);
    if (last) {
      over = true;
      await engine.close();
      return stop();
    }
    const hungUp = apply({ type: "left", tab: id }).catch(() => {}); // the call is over all the same
    await firstValueFrom(race(hungUp, timer(FAREWELL, clock)));
    tab.end();
    tabs.delete(id);
  };

  /** Of its own calls alone. */
  const requestsOf = (id: string) =>
    (engine.finalRequests$ ?? EMPTY).pipe(
      map((requests) => requests.filter((each) => find(each)?.owner === id)),
    );

  const admit = (id: string): HubTab => {
    const present = tabs.get(id);
    if (present) return present;
    const tab = new HubTab(
      hubId,
      { ...engine, finalRequests$: requestsOf(id) },
      gone(id).subscribe(() => void leave(id)),
      clock,
    );
    tabs.set(id, tab);
    return tab;
  };

  /** Takes up what another hub had, unless this one began with it: then it knows better. */
  const adopt = (id: string, brought: Memory) => {
    if (known) return;
    const theirs = unwrap(brought, clock.now());
    const isNew = (call: CallRef) => !find(call);
    const calls = theirs.calls.filter(isNew);
    const states = theirs.engine.calls.filter(isNew);
    // The hub has them first, for the engine may say at once that one has ended.
    void apply({ type: "adopted", tab: id, calls });
    engine.adopt?.(states);
    for (const { owner } of calls) if (owner !== undefined) admit(owner);
  };
  for (const { owner } of state.calls) if (owner !== undefined) admit(owner);

  return {
    get over() {
      return over;
    },
    join(id, { admission = Promise.resolve(), receipt, memory: brought, known: calls = [] } = {}) {
      const tab = admit(id);
      if (receipt !== undefined) tab.received(receipt);
      const enter = () => {
        if (brought) adopt(id, brought);
        void apply({ type: "joined", tab: id });
        if (calls.length > 0)
          read$
            .pipe(take(1), takeUntil(link.closed$))
            .subscribe(() => void apply({ type: "known", tab: id, calls }));
        listen();
      };
      const link: HubLink = tab.connect(admission, enter);
      admission.catch((thrown) => {
        tab.end(toTrunklineError(thrown));
        void leave(id);
      });
      return {
        ...link.streams,
        memory$: defer(() => concat(from(remembered.whole()), remembered.changes$)).pipe(
          takeUntil(link.closed$),
        ),
        async dispatch(command) {
          if (tab.leaving || over) throw closed();
          await admission;
          await apply({ type: "command", tab: id, command });
        },
        received: (each) => tab.received(each),
        close: () => leave(id),
        lost: () => tab.lose(link),
      };
    },
  };
}

const closed = () => new TrunklineError("closed", "The signalling half has been closed");
