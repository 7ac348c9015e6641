import { firstValueFrom, NEVER, Observable, toArray } from "rxjs";

/** A stream, and how often it is subscribed now, and was ever. */
export function watched(source: Observable<unknown> = NEVER) {
  const state = { subscribers: 0, total: 0 };
  const stream = new Observable((subscriber) => {
    state.subscribers++;
    state.total++;
    subscriber.add(() => state.subscribers--);
    return source.subscribe(subscriber);
  });
  return { state, stream };
}

/** What a stream emitted until it completed, or the error that it ended with. */
export const ended = (stream: Observable<unknown>): Promise<unknown> =>
  firstValueFrom(stream.pipe(toArray())).catch((error: unknown) => error);
