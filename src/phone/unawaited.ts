/** A promise that may be left alone: its rejection is nobody's who does not look. */
export function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
