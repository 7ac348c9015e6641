import type { TransferHandler, transferHandlers } from "comlink";
import { isObservable, type Observable, Subscription, throwError } from "rxjs";
import { type ErrorData, fromErrorData, TrunklineError, toErrorData } from "../streams/errors.ts";
import { listen, type PortLike } from "../streams/port.ts";
import { otherVersion, PROTOCOL } from "../streams/protocol.ts";
import { receiveStream, sendStream } from "./observable.ts";

/** An `Observable` on its way: the version of what passes on its port, which takes a port for each subscription. */
interface SentObservable {
  readonly major: number;
  readonly port: MessagePort;
}

/**
 * Of each port of an Observable that was sent, what makes it part of a life: with that end its subscriptions, those that
 * are yet to come too, and the port.
 */
export const sentStreams = new WeakMap<object, (life: Subscription) => void>();

/** Closes the ports of Observables that nobody can subscribe to any more; subscriptions have ports of their own. */
const unreachable = new FinalizationRegistry<MessagePort>((port) => {
  port.postMessage(undefined);
  port.close();
});

/**
 * Carries an `Observable` that is an argument, a result or a property. Each subscription at the far end is one here, over
 * a port of its own; it ends with the error of the source as a `TrunklineError`, with `unexpected` where a value cannot
 * be cloned, with `worker_lost` where the far end is gone and the platform reports it, and with `invalid_option` where
 * the two ends are of different major versions of this package.
 */
export const observableHandler: TransferHandler<Observable<unknown>, SentObservable> = {
  canHandle: isObservable,
  serialize(source) {
    const { port1, port2 } = new MessageChannel();
    const open = new Subscription(() => port1.close());
    const close = () => open.unsubscribe();
    let subscriptions = new Subscription();
    listen(
      port1,
      ({ data }) => (data ? subscriptions.add(sendStream(data as PortLike, source)) : close()),
      close,
    );
    // What only waits to be subscribed to keeps no process of Node's alive.
    (port1 as { unref?(): void }).unref?.();
    sentStreams.set(port2, (life) => {
      subscriptions = life;
      life.add(open);
    });
    return [{ major: PROTOCOL.major, port: port2 }, [port2]];
  },
  deserialize({ major, port }) {
    if (major !== PROTOCOL.major) return throwError(otherVersion);
    const stream = receiveStream(() => {
      const { port1, port2 } = new MessageChannel();
      port.postMessage(port2, [port2]);
      return port1 as PortLike;
    });
    unreachable.register(stream, port);
    return stream;
  },
};

/** Carries a `TrunklineError` that is an argument, a result or a property; its cause as text. */
export const errorHandler: TransferHandler<TrunklineError, ErrorData> = {
  canHandle: (value): value is TrunklineError => value instanceof TrunklineError,
  serialize: (error) => [toErrorData(error), []],
  deserialize: fromErrorData,
};

interface SentThrown {
  readonly isError: boolean;
  readonly value: unknown;
}

type ThrowHandler = TransferHandler<{ readonly value: unknown }, SentThrown>;

/** What comlink has for all that is thrown, with a `TrunklineError` whole: of any error, comlink sends the text alone. */
const throwHandler = (own: ThrowHandler): ThrowHandler => ({
  ...own,
  serialize: (thrown) =>
    errorHandler.canHandle(thrown.value)
      ? [{ isError: true, value: { name: thrown.value.name, ...toErrorData(thrown.value) } }, []]
      : own.serialize(thrown),
  deserialize(sent) {
    const { isError, value } = sent;
    if (isError && (value as ErrorData).code) throw fromErrorData(value as ErrorData);
    return own.deserialize(sent);
  },
});

/**
 * Has comlink carry Observables and `TrunklineError`s, returned or thrown. `handlers` are its `transferHandlers`; call this
 * at both ends, before anything is exposed or wrapped. Calling it again changes nothing.
 */
export function registerHandlers(handlers: typeof transferHandlers): void {
  if (handlers.has("trunkline.observable")) return;
  handlers.set("trunkline.observable", observableHandler as TransferHandler<unknown, unknown>);
  handlers.set("trunkline.error", errorHandler as TransferHandler<unknown, unknown>);
  handlers.set(
    "throw",
    throwHandler(handlers.get("throw") as ThrowHandler) as TransferHandler<unknown, unknown>,
  );
}
