import type { CallRef, Command, End, Signal } from "../streams/contract.ts";
import type { ErrorData } from "../streams/errors.ts";
import { coalesce } from "./hub-signals.ts";

/** How many calls that have ended are kept (P44). */
const MAX_ENDED = 64;

/** A call, as far as it matters which tab it belongs to. */
export interface HubCall extends CallRef {
  /** The tab that placed, claimed, answered or rejected it. Absent while it rings in all of them. */
  readonly owner?: string;
  /** The owner has accepted it, but not answered yet: without it the call rings on in the others. */
  readonly claimed?: true;
  /** What a tab needs in which it begins to ring, in order; of a call that has ended, its end. */
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
  /** A tab has brought calls that another hub had, and the engine has taken them up. */
  | { readonly type: "adopted"; readonly tab: string; readonly calls: readonly HubCall[] }
  /** A tab takes these calls for live. */
  | { readonly type: "known"; readonly tab: string; readonly calls: readonly CallRef[] }
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
      return leave(state, input.tab, at);
    case "command":
      return carryOut(state, input.tab, input.command, at);
    case "signal":
      return receive(state, input.signal, at);
    case "adopted":
      return adopt(state, input.tab, input.calls, at);
    case "known":
      return { state, effects: input.calls.flatMap((call) => correct(state, input.tab, call)) };
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
    effects: ringing.flatMap((call) => ring(call, [tab], at)),
  };
}

/** What rings goes on ringing in the others, and what it had only claimed does so again (P48). */
function leave(state: HubState, tab: string, at: number): HubStep {
  const own = state.calls.filter(({ owner }) => owner === tab);
  const left = { ...state, tabs: state.tabs.filter((other) => other !== tab) };
  return own.reduce<HubStep>(
    ({ state: before, effects }, call) => {
      const { state: next, effects: more } = call.claimed
        ? release(before, call, tab, at)
        : hangUp(before, call);
      return { state: next, effects: [...effects, ...more] };
    },
    { state: left, effects: [] },
  );
}

const hangUp = (state: HubState, { roomId, callId }: CallRef): HubStep => ({
  state,
  effects: [dispatch({ roomId, callId, type: "hangup", reason: "user_hangup" })],
});

/** Everybody's again: it rings anew in the others. */
function release(
  state: HubState,
  { owner: _, claimed: __, ...call }: HubCall,
  tab: string,
  at: number,
): HubStep {
  const others = state.tabs.filter((other) => other !== tab);
  return { state: keep(state, call), effects: ring(call, others, at) };
}

function ring({ heard, until = 0 }: HubCall, tabs: readonly string[], at: number): HubEffect[] {
  const remaining = Math.max(0, until - at);
  const signals = heard.map((signal) => (signal.type === "incoming" ? { ...signal, remaining } : signal));
  return tabs.flatMap((tab) => signals.map((signal) => tell(tab, signal)));
}

/** Those that are not known here; one that rings does so in the other tabs too. */
function adopt(state: HubState, tab: string, calls: readonly HubCall[], at: number): HubStep {
  const ringing = calls.filter(({ owner }) => owner === undefined);
  const others = state.tabs.filter((other) => other !== tab);
  return {
    state: { ...state, calls: [...state.calls, ...calls] },
    effects: ringing.flatMap((call) => ring(call, others, at)),
  };
}

/** How a call that a tab takes for live has ended for it; nothing where it has not. */
function correct({ calls, ended }: HubState, tab: string, ref: CallRef): HubEffect[] {
  const call = find(calls, ref) ?? find(ended, ref);
  const isIts = (call?.owner ?? tab) === tab;
  if (call && isIts) return (find(ended, ref)?.heard ?? []).map((signal) => tell(tab, signal));
  const end: End = call
    ? { by: "other_device", reason: "answered_elsewhere" }
    : { by: "system", reason: "signalling_failed" };
  return [tell(tab, { type: "ended", roomId: ref.roomId, callId: ref.callId, end })];
}

function carryOut(state: HubState, tab: string, command: Command, at: number): HubStep {
  const call = find(state.calls, command);
  const { roomId, callId } = command;
  if (!call && command.type === "place") {
    const placed = { roomId, callId, owner: tab, heard: [] };
    return { state: { ...state, calls: [...state.calls, placed] }, effects: [dispatch(command)] };
  }
  if (call?.owner !== undefined && call.owner !== tab) return { state, effects: [refuse(command)] };
  const sent = [dispatch(command)];
  if (call?.claimed && command.type === "release") {
    const { state: next, effects } = release(state, call, tab, at);
    return { state: next, effects: [...sent, ...effects] };
  }
  const reason = call && (call.claimed || call.owner === undefined) ? reasonOf(command) : undefined;
  if (!call || reason === undefined) return { state, effects: sent };
  const taken: HubCall =
    command.type === "claim"
      ? { ...call, owner: tab, claimed: true }
      : { roomId, callId, owner: tab, heard: [] };
  // Claimed before: it has ended for them.
  const others = call.claimed ? [] : state.tabs.filter((other) => other !== tab);
  const end = { by: "other_device", reason } as const;
  return {
    state: keep(state, taken),
    effects: [...sent, ...others.map((other) => tell(other, { type: "ended", roomId, callId, end }))],
  };
}

/** How a ringing call ends for the other tabs when one says this; nothing where it rings on. */
function reasonOf(command: Command): string | undefined {
  if (command.type === "answer" || command.type === "claim") return "answered_elsewhere";
  if (command.type === "reject") return "rejected";
  return command.type === "hangup" ? command.reason : undefined;
}

function receive(state: HubState, signal: Signal, at: number): HubStep {
  const { roomId, callId } = signal;
  const call = find(state.calls, signal);
  if (signal.type === "incoming" && call?.owner === undefined) {
    const { replaces } = signal;
    const replaced = replaces === undefined ? undefined : find(state.calls, { roomId, callId: replaces });
    const owner = replaced?.owner;
    const ringing: HubCall = {
      roomId,
      callId,
      heard: [signal],
      until: at + signal.remaining,
      // Its devices may still be opening: until it has answered, the call may yet ring in the others.
      ...(owner !== undefined && { owner, claimed: true }),
    };
    const crossed = replaced ? over(state, replaced, []) : state;
    return { state: keep(crossed, ringing), effects: tellAll(state, ringing, signal) };
  }
  const effects = tellAll(state, call ?? find(state.ended, signal), signal);
  if (!call || signal.type === "trace") return { state, effects };
  if (signal.type === "ended") return { state: over(state, call, [signal]), effects };
  if (call.owner !== undefined && !call.claimed) return { state, effects };
  const waiting = coalesce(
    call.heard.map((heard) => ({ signal: heard })),
    { signal },
  );
  return { state: keep(state, { ...call, heard: waiting.map((each) => each.signal) }), effects };
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

const over = (state: HubState, { roomId, callId, owner }: HubCall, heard: readonly Signal[]): HubState => ({
  ...state,
  calls: without(state.calls, { roomId, callId }),
  ended: [...state.ended, { roomId, callId, ...(owner !== undefined && { owner }), heard }].slice(-MAX_ENDED),
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
