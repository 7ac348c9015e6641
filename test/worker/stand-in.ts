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
import { type Hello, readHello } from "../../src/streams/link-control.ts";
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
  /** Holds back what it says on its streams until the function given back is called. */
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

  const pass = (from: MessagePort, to: MessagePort, send = (post: () => void) => post()) => {
    from.addEventListener("message", ({ data }) => muted || send(() => to.postMessage(data)));
    from.addEventListener("close", () => to.close());
    from.start();
  };
  const relay = (port: MessagePort, send?: (post: () => void) => void): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    pass(port, port1);
    pass(port1, port, send);
    ports.push(port);
    return port2;
  };
  const sendOrHold = (post: () => void) => {
    if (held) held.push(post);
    else post();
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
      const page = hello.page && { page: relay(hello.page) };
      const ports = { control: relay(hello.control), streams: relay(hello.streams, sendOrHold), ...page };
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
