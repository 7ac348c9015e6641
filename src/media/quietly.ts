/** Does what only ends something: a WebRTC that throws there, or rejects, must not keep the rest from being ended. */
export async function quietly(end: () => unknown): Promise<void> {
  try {
    await end();
  } catch {
    // It is over all the same.
  }
}
