import type { CallRef, Command, Signal } from "../streams/contract.ts";
import type { ErrorData } from "../streams/errors.ts";

/** How many signals of a ringing call are kept for tabs that come late, and how many calls that have ended (P44). */
const MAX_HEARD = 64;
const MAX_ENDED = 64;

/** A call, as far as it matters which tab it belongs to. */
export interface HubCall extends CallRef {
  /** The tab that placed, answered or rejected it. Absent while it rings in all of them. */
  readonly owner?: string;
  /** What a tab that comes while it rings has to hear, in order. */
  readonly heard: readonly Signal[];
  /** When it stops ringing by itself, on the hub's clock. */
  readonly until?: number;
}

export interface HubState {
  /** The tabs that listen. */
  readonly tabs: readonly string[];
  readonly calls: readonly HubCall[];
  /** The last calls that have ended: their stories may go on for a few lines. */
  readonly ended: readonly HubCall[];
}

export type HubInput =
  /** A tab begins to listen. */
  | { readonly type: "joined"; readonly tab: string }
  /** A tab has gone, or is about to. */
  | { readonly type: "left"; readonly tab: string }
  | { readonly type: "command"; readonly tab: string; readonly command: Command }
  | { readonly type: "signal"; readonly signal: Signal }
  /** The engine knows of no such call. */
  | { readonly type: "unknown"; readonly call: CallRef };

export type HubEffect =
  | { readonly type: "tell"; readonly tab: string; readonly signal: Signal }
  | { readonly type: "dispatch"; readonly command: Command }
  | { readonly type: "refuse"; readonly error: ErrorData };

export interface HubStep {
  readonly state: HubState;
  readonly effects: readonly HubEffect[];
}

/** No tab yet; the calls are those of a hub that was lost. */
export const hubState = (calls: readonly HubCall[] = []): HubState => ({ tabs: [], calls, ended: [] });

/**
 * Who hears what, and who may say what, where several tabs share an engine: the next state and what is to be done. A
 * call that rings is everybody's until one tab takes it; any other belongs to the tab that placed or took it. `at` is now,
 * on the hub's clock.
 */
export function step(state: HubState, input: HubInput, at: number): HubStep {
  switch (input.type) {
    case "joined":
      return join(state, input.tab, at);
    case "left":
      return leave(state, input.tab);
    case "command":
      return carryOut(state, input.tab, input.command);
    case "signal":
      return receive(state, input.signal, at);
    case "unknown":
      return { state: { ...state, calls: without(state.calls, input.call) }, effects: [] };
  }
}

/** One that comes back, having lost its connection, has not missed anything: that is seen to at the rim. */
function join(state: HubState, tab: string, at: number): HubStep {
  if (state.tabs.includes(tab)) return { state, effects: [] };
  const ringing = state.calls.filter(({ owner }) => owner === undefined);
  return {
    state: { ...state, tabs: [...state.tabs, tab] },
    effects: ringing.flatMap(({ heard, until = at }) =>
      heard.map((signal) =>
        tell(tab, signal.type === "incoming" ? { ...signal, remaining: Math.max(0, until - at) } : signal),
      ),
    ),
  };
}

/** What rings goes on ringing in the others. */
function leave(state: HubState, tab: string): HubStep {
  const own = state.calls.filter(({ owner }) => owner === tab);
  return {
    state: { ...state, tabs: state.tabs.filter((other) => other !== tab) },
    effects: own.map(({ roomId, callId }) =>
      dispatch({ roomId, callId, type: "hangup", reason: "user_hangup" }),
    ),
  };
}

function carryOut(state: HubState, tab: string, command: Command): HubStep {
  const call = find(state.calls, command);
  const { roomId, callId } = command;
  if (!call && command.type === "place") {
    const placed = { roomId, callId, owner: tab, heard: [] };
    return { state: { ...state, calls: [...state.calls, placed] }, effects: [dispatch(command)] };
  }
  if (call?.owner !== undefined && call.owner !== tab) return { state, effects: [refuse(command)] };
  const reason = call?.owner === undefined ? reasonOf(command) : undefined;
  if (!call || reason === undefined) return { state, effects: [dispatch(command)] };
  const end = { by: "other_device", reason } as const;
  const others = state.tabs.filter((other) => other !== tab);
  return {
    state: keep(state, { roomId, callId, owner: tab, heard: [] }),
    effects: [
      dispatch(command),
      ...others.map((other) => tell(other, { type: "ended", roomId, callId, end })),
    ],
  };
}

/** How a ringing call ends for the other tabs when one says this; nothing where it rings on. */
function reasonOf(command: Command): string | undefined {
  if (command.type === "answer") return "answered_elsewhere";
  if (command.type === "reject") return "rejected";
  return command.type === "hangup" ? command.reason : undefined;
}

function receive(state: HubState, signal: Signal, at: number): HubStep {
  const { roomId, callId } = signal;
  if (signal.type === "incoming") {
    const { replaces } = signal;
    const replaced = replaces === undefined ? undefined : find(state.calls, { roomId, callId: replaces });
    const owner = replaced?.owner;
    const call =
      owner === undefined
        ? { roomId, callId, heard: [signal], until: at + signal.remaining }
        : { roomId, callId, owner, heard: [] };
    const crossed = replaced ? over(state, replaced) : state;
    return { state: keep(crossed, call), effects: tellAll(state, call, signal) };
  }
  const call = find(state.calls, signal);
  const effects = tellAll(state, call ?? find(state.ended, signal), signal);
  if (!call || signal.type === "trace") return { state, effects };
  if (signal.type === "ended") return { state: over(state, call), effects };
  const heard = call.owner === undefined ? note(call.heard, signal) : call.heard;
  return { state: heard === call.heard ? state : keep(state, { ...call, heard }), effects };
}

/** Of candidates all are kept, of anything else the last. */
function note(heard: readonly Signal[], signal: Signal): readonly Signal[] {
  const before = signal.type === "candidates" ? heard : heard.filter(({ type }) => type !== signal.type);
  return before.length < MAX_HEARD ? [...before, signal] : heard;
}

/** Where a call is nobody's, or not known here, all may want to hear of it. */
const tellAll = ({ tabs }: HubState, call: HubCall | undefined, signal: Signal): HubEffect[] =>
  (call?.owner === undefined ? tabs : [call.owner]).map((tab) => tell(tab, signal));

const tell = (tab: string, signal: Signal): HubEffect => ({ type: "tell", tab, signal });

const dispatch = (command: Command): HubEffect => ({ type: "dispatch", command });

const refuse = ({ type, callId }: Command): HubEffect => {
  const what = type.replaceAll("_", " ");
  const message = `Cannot ${what} call ${callId}: another tab of this app has taken it.`;
  return { type: "refuse", error: { code: "wrong_state", message } };
};

const over = (state: HubState, { roomId, callId, owner }: HubCall): HubState => ({
  ...state,
  calls: without(state.calls, { roomId, callId }),
  ended: [...state.ended, { roomId, callId, ...(owner !== undefined && { owner }), heard: [] }].slice(
    -MAX_ENDED,
  ),
});

const keep = (state: HubState, call: HubCall): HubState => ({
  ...state,
  calls: [...without(state.calls, call), call],
});

const isSame = (a: CallRef, b: CallRef): boolean => a.roomId === b.roomId && a.callId === b.callId;

const find = (calls: readonly HubCall[], ref: CallRef): HubCall | undefined =>
  calls.find((call) => isSame(call, ref));

const without = (calls: readonly HubCall[], ref: CallRef): readonly HubCall[] =>
  calls.filter((call) => !isSame(call, ref));
