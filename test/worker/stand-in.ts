import { ReplaySubject, Subject, VirtualTimeScheduler } from "rxjs";
import type {
  Clock,
  Command,
  FinalRequest,
  IceServer,
  MemoryChange,
  Signal,
  SignalingHalf,
  SignalingStatus,
} from "../../src/streams/contract.ts";
import { TrunklineError } from "../../src/streams/errors.ts";
import { type Hello, readHello } from "../../src/streams/hello.ts";
import type { WorkerEndpoint } from "../../src/worker/endpoint.ts";
import { type Given, hostSignaling } from "../../src/worker/host.ts";

/** A signalling half without an engine: it does what the test says. */
export class StandIn implements SignalingHalf {
  readonly signals = new Subject<Signal>();
  readonly status = new ReplaySubject<SignalingStatus>(1);
  readonly iceServers = new ReplaySubject<readonly IceServer[]>(1);
  readonly signals$ = this.signals;
  readonly status$ = this.status;
  readonly iceServers$ = this.iceServers;
  readonly memory$ = new Subject<MemoryChange>();
  readonly finalRequests$ = new Subject<readonly FinalRequest[]>();
  readonly dispatched: Command[] = [];
  closed = 0;
  /** What `dispatch` and `close` do. */
  onDispatch: (command: Command) => Promise<void> = async () => undefined;
  onClose: () => Promise<void> = async () => undefined;

  constructor() {
    this.status.next({ state: "starting" });
  }

  dispatch(command: Command): Promise<void> {
    this.dispatched.push(command);
    return this.onDispatch(command);
  }

  async close(): Promise<void> {
    this.closed++;
    await this.onClose();
    this.status.next({ state: "stopped" });
    this.status.complete();
    this.signals.complete();
    this.iceServers.complete();
  }
}

export interface InlineWorker extends WorkerEndpoint {
  readonly half: StandIn;
  /** What the worker was told to start with. */
  readonly started: unknown[];
  /** What it was given beside that. */
  readonly given: Given[];
  readonly terminated: () => number;
  /** How many listen for its errors. */
  readonly listeners: () => number;
  /** Dispatches an `error` event. */
  readonly fail: (event: unknown) => void;
  /** From now on nothing comes out of it, and nothing goes in. */
  readonly mute: () => void;
  /** Holds back what it sends on its streams until the function given back is called. */
  readonly holdStreams: () => () => void;
  /** Closes its ports without a word. */
  readonly vanish: () => void;
}

/** A worker on the same thread: real ports, each with a relay that can be cut. */
export function inlineWorker(create?: (half: StandIn, given: Given) => SignalingHalf): InlineWorker {
  const half = new StandIn();
  const started: unknown[] = [];
  const given: Given[] = [];
  const listeners = new Set<(event: unknown) => void>();
  const ports: MessagePort[] = [];
  let terminated = 0;
  let muted = false;

  let held: (() => void)[] | undefined;

  const sendOrHold = (post: () => void) => {
    if (held) held.push(post);
    else post();
  };

  /**
   * What is sent to a port comes out of the one given back; so do the ports that pass, whose messages to the page can
   * be held back. `toPage`: whether what comes from the port goes there.
   */
  const relay = (port: MessagePort, toPage: boolean, isStream: boolean): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    const pass = (from: MessagePort, to: MessagePort, toPage: boolean) => {
      const send = toPage && isStream ? sendOrHold : (post: () => void) => post();
      from.addEventListener("message", ({ data, ports }) => {
        if (muted) return;
        const relays = new Map(ports.map((each) => [each, relay(each, toPage, true)] as const));
        send(() => to.postMessage(withPorts(data, relays), [...relays.values()]));
      });
      from.addEventListener("close", () => send(() => to.close()));
      from.start();
    };
    pass(port, port1, toPage);
    pass(port1, port, !toPage);
    ports.push(port);
    return port2;
  };
  const vanish = () => {
    for (const port of ports) port.close();
  };

  return {
    half,
    started,
    given,
    terminated: () => terminated,
    listeners: () => listeners.size,
    fail: (event) => {
      for (const listener of [...listeners]) listener(event);
    },
    mute: () => {
      muted = true;
    },
    holdStreams: () => {
      const posts: (() => void)[] = [];
      held = posts;
      return () => {
        held = undefined;
        for (const post of posts) post();
      };
    },
    vanish,
    postMessage(message) {
      const hello = readHello<MessagePort>(message) as Hello<MessagePort>;
      const page = hello.page && { page: relay(hello.page, false, false) };
      const ports = { port: relay(hello.port, false, false), ...page };
      hostSignaling(ports, (options, beside) => {
        started.push(options);
        given.push(beside);
        return create ? create(half, beside) : half;
      });
    },
    terminate() {
      terminated++;
      vanish();
    },
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  };
}

function withPorts(data: unknown, others: ReadonlyMap<unknown, MessagePort>): unknown {
  if (others.has(data)) return others.get(data);
  if (Array.isArray(data)) return data.map((each) => withPorts(each, others));
  if (String(data) !== "[object Object]") return data;
  const entries = Object.entries(data as object);
  return Object.fromEntries(entries.map(([key, each]) => [key, withPorts(each, others)]));
}

/** A clock that stands still but for `advance`; `sleep` is time in which nobody's timers fire. */
export function handClock(): Clock & { advance(ms: number): void; sleep(ms: number): void } {
  const virtual = new VirtualTimeScheduler();
  virtual.maxFrames = 0;
  let slept = 0;
  return {
    now: () => virtual.now() + slept,
    schedule: virtual.schedule.bind(virtual),
    advance(ms) {
      virtual.maxFrames += ms;
      virtual.schedule(() => undefined, virtual.maxFrames - virtual.now());
      virtual.flush();
    },
    sleep(ms) {
      slept += ms;
    },
  };
}

export const CALL = { roomId: "!room:example.org", callId: "call" } as const;

export const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "resolved",
    (error) => (error instanceof TrunklineError ? error.code : `not coded: ${error}`),
  );
