import { firstValueFrom, from, throwError, timeout } from "rxjs";
import { TrunklineError } from "../streams/errors.ts";

// The few assertions that the shipped suites need, so that they run under any test framework, or none.

/** How long, in ms, a suite waits for what must come. */
const PATIENCE = 10_000;

/** Throws unless both are the same as JSON. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: expected ${should}, got ${is}`);
}

export function truthy(value: unknown, what: string): void {
  if (!value) throw new Error(`expected that ${what}`);
}

/** Resolves with the error; rejects unless the promise rejects with a `TrunklineError` of this code. */
export async function rejects(promise: Promise<unknown>, code: string): Promise<TrunklineError> {
  const outcome = await within(
    promise.then(
      (value) => ({ value }),
      (thrown: unknown) => thrown,
    ),
    `a rejection with ${code}`,
  );
  if (!(outcome instanceof TrunklineError)) {
    const text = outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : JSON.stringify(outcome);
    throw new Error(`expected a TrunklineError ${code}, got ${text}`);
  }
  equal(outcome.code, code, `the code of "${outcome.message}"`);
  truthy(outcome.message.length > 0, `the error ${code} has a message`);
  return outcome;
}

/** The promise, or a rejection that says what did not come in time. */
export function within<T>(promise: Promise<T>, what: string): Promise<T> {
  return firstValueFrom(
    from(promise).pipe(
      timeout({
        first: PATIENCE,
        with: () => throwError(() => new Error(`waited ${PATIENCE} ms for ${what}`)),
      }),
    ),
  );
}
