import {
  BehaviorSubject,
  delayWhen,
  distinctUntilChanged,
  firstValueFrom,
  map,
  Observable,
  tap,
  timer,
} from "rxjs";
import type { Clock, EventBatch, Identity, Transport } from "../../streams/contract.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { exclusive } from "./exclusive.ts";
import type { MemoryHomeserver } from "./memory-homeserver.ts";

export interface MemoryTransport extends Transport {
  /**
   * Has the next send reject with `error` (calls add up). With `lost`, the event is in the room all the same: only
   * the answer was lost.
   */
  failSend(error: TrunklineError, options?: { readonly lost?: boolean }): void;
  /**
   * Cuts the line, or mends it. Meanwhile every request rejects with `homeserver_unreachable`, and events wait for
   * the next sync.
   */
  setOnline(online: boolean): void;
  /** Takes the access token away: from now on everything ends with `unknown_token`. */
  revoke(): void;
}

interface Line {
  readonly clock: Clock;
  readonly latency: number;
  /** Where the sync goes on. */
  readonly since?: number;
}

type State = "online" | "offline" | "revoked";

export function memoryTransport(
  homeserver: MemoryHomeserver,
  identity: Identity,
  line: Line,
): MemoryTransport {
  const { userId, deviceId } = identity;
  const state = new BehaviorSubject<State>("online");
  const connected = new BehaviorSubject(false);
  const keyOf = (txnId: string) => JSON.stringify([userId, deviceId, txnId]);
  const faults: { readonly error: TrunklineError; readonly lost: boolean }[] = [];

  /** There and back. A line that is cut on the way back loses the answer. */
  const request = <T>(work: () => T): Promise<T> =>
    firstValueFrom(
      trip(line).pipe(
        map(() => {
          check(state.value);
          return work();
        }),
        delayWhen(() => trip(line)),
        tap(() => check(state.value)),
      ),
    );

  return {
    batches$: exclusive(sync(homeserver, userId, line, state, connected)),
    connected$: connected.pipe(distinctUntilChanged()),
    identity: () => request(() => ({ ...identity })),
    send(roomId, type, content, txnId) {
      const fault = faults.shift();
      return request(() => {
        if (fault?.lost === false) throw fault.error;
        const event = { sender: userId, type, content };
        const eventId = homeserver.send(roomId, event, keyOf(txnId));
        if (fault !== undefined) throw fault.error;
        return eventId;
      });
    },
    delayed: async () => ({
      schedule: (roomId, type, content, txnId, delay) =>
        request(() => homeserver.schedule(roomId, { sender: userId, type, content }, keyOf(txnId), delay)),
      restart: (id) => request(() => homeserver.delayed.restart(id)),
      cancel: (id) => request(() => homeserver.delayed.cancel(id)),
    }),
    turnServers: () => request(() => ({ iceServers: [], ttl: 3_600 })),
    failSend(error, { lost = false } = {}) {
      faults.push({ error, lost });
    },
    setOnline(online) {
      if (state.value !== "revoked") state.next(online ? "online" : "offline");
    },
    revoke() {
      state.next("revoked");
    },
  };
}

/**
 * A long poll, as it would be over a network: the answer leaves as soon as there is news, and what comes while it and
 * the next poll are on their way makes the next batch.
 */
function sync(
  homeserver: MemoryHomeserver,
  userId: string,
  line: Line,
  state: BehaviorSubject<State>,
  connected: BehaviorSubject<boolean>,
): Observable<EventBatch> {
  return new Observable((subscriber) => {
    let { since } = line;
    let resumed = since !== undefined;
    /** Whether a poll waits at the homeserver; and whether it is answered at once, as after a start or a cut. */
    let waiting = false;
    let hurried = true;

    const after = (work: () => void) => subscriber.add(trip(line).subscribe(work));
    const poll = () => {
      waiting = true;
      answer();
    };
    const answer = () => {
      if (!waiting || state.value !== "online") return;
      const { next, events, members } = homeserver.sync(userId, since, resumed);
      if (events.length === 0 && !hurried) return;
      waiting = false;
      hurried = false;
      resumed = false;
      after(() => {
        if (state.value === "online") arrive(next, { events, ...(members.length > 0 && { members }) });
        after(poll);
      });
    };
    const arrive = (next: number, told: Pick<EventBatch, "events" | "members">) => {
      const live = since !== undefined;
      since = next;
      connected.next(true);
      subscriber.next({ live, position: `${next}`, ...told });
    };

    subscriber.add(() => connected.next(false));
    subscriber.add(homeserver.news$.subscribe(answer));
    subscriber.add(
      state.subscribe((now) => {
        if (now === "revoked") return subscriber.error(unknownToken());
        if (now === "online") return answer();
        hurried = true;
        connected.next(false);
      }),
    );
    after(poll);
  });
}

const trip = ({ clock, latency }: Line) => timer(latency, clock);

function check(state: State): void {
  if (state === "revoked") throw unknownToken();
  if (state === "offline")
    throw new TrunklineError("homeserver_unreachable", "The line is cut: setOnline(true) mends it");
}

function unknownToken(): TrunklineError {
  return new TrunklineError("unknown_token", "The access token was revoked. Connect anew");
}
