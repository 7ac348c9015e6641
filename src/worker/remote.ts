import {
  catchError,
  defer,
  EMPTY,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  type ObservableInput,
  ReplaySubject,
  Subject,
  skipWhile,
  takeUntil,
  tap,
  timer,
} from "rxjs";
import { realClock } from "../streams/clock.ts";
import type {
  Clock,
  Command,
  IceServer,
  Signal,
  SignalingHalf,
  SignalingStatus,
} from "../streams/contract.ts";
import { TrunklineError, toErrorData, toTrunklineError } from "../streams/errors.ts";
import { connect } from "./connection.ts";
import type { WorkerEndpoint } from "./endpoint.ts";

/** An engine hangs up its calls within 2 s, then closes; a worker that takes longer is not waited for. */
const CLOSE_LIMIT = 3_000;

/**
 * The signalling half that `hostSignaling` hosts in a worker. `start` goes to the function that makes it there.
 *
 * When the worker never starts, everything pending ends with `worker_failed`; when it dies later, or answers nothing
 * for 6 s, with `worker_lost`: never a hang. `status$` then says `stopped`, and why. `close()` also terminates a
 * worker that was made by the function given.
 */
export function remoteSignaling(
  worker: WorkerEndpoint | (() => WorkerEndpoint),
  start: unknown,
  clock: Clock = realClock,
): SignalingHalf {
  const connection = connect(worker, clock);
  const signals = new Subject<Signal>();
  const iceServers = new ReplaySubject<readonly IceServer[]>(1);
  const status = new ReplaySubject<SignalingStatus>(1);
  let last: SignalingStatus = { state: "starting" };
  let reading = false;
  let started = false;
  let closing: Promise<void> | undefined;

  const stop = (error: TrunklineError) => {
    const { identity } = last;
    const asked = error.code === "closed";
    if (last.state !== "stopped") {
      status.next({
        state: "stopped",
        ...(identity && { identity }),
        ...(!asked && { error: toErrorData(error) }),
      });
    }
    status.complete();
    for (const subject of [signals, iceServers]) {
      if (asked) subject.complete();
      else subject.error(error);
    }
  };

  status.next(last);
  connection.end$.subscribe({ error: stop });
  connection.stream<readonly IceServer[]>("iceServers").subscribe(iceServers);
  connection
    .stream<SignalingStatus>("status")
    .pipe(
      // Said already, on this side.
      skipWhile(({ state, identity }) => state === "starting" && !identity),
      tap((status) => {
        last = status;
      }),
    )
    .subscribe(status);

  // Ports keep no order between them: this waits until all that was asked of the streams' port has been heard there.
  const heard = () => lastValueFrom(connection.stream<void>("ready"), { defaultValue: undefined });

  // A turn later, so that whoever subscribes to `signals$` at once is heard before the start, and misses nothing.
  const starting = Promise.resolve()
    .then(heard)
    .then(() => connection.call((control) => control.start(start)))
    .then(() => {
      started = true;
    });
  starting.catch((error) => connection.end(toTrunklineError(error)));
  /** What commands wait for. */
  let ready = starting;

  const stopThere = () => {
    const stopping = ready.then(() => connection.call((control) => control.stop()));
    // The last signals are on their way by another port than the answer to `stop`: wait for the end of both.
    const ends$ = [stopping, reading ? signals : EMPTY].map((source) =>
      from<ObservableInput<unknown>>(source).pipe(
        ignoreElements(),
        catchError(() => EMPTY),
      ),
    );
    return lastValueFrom(merge(...ends$).pipe(takeUntil(timer(CLOSE_LIMIT, clock))), {
      defaultValue: undefined,
    });
  };

  const shut = async () => {
    if (started) await stopThere();
    connection.end(closed());
  };

  return {
    // A half may sync only for a subscriber: there is one there from when there is one here.
    signals$: defer(() => {
      if (!reading) {
        reading = true;
        connection.stream<Signal>("signals").subscribe(signals);
        ready = Promise.all([starting, heard()]).then(() => undefined);
        ready.catch(() => undefined); // told to each command
      }
      return signals;
    }),
    status$: status.asObservable(),
    iceServers$: iceServers.asObservable(),
    async dispatch(command: Command) {
      if (closing) throw closed();
      await ready;
      return connection.call((control) => control.dispatch(command));
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}

function closed(): TrunklineError {
  return new TrunklineError("closed", "The signalling half has been closed");
}
