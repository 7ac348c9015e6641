/** How often a step that takes long says that it is still at work, in ms. */
const stillWorkingEvery = 30_000;

/** Seconds since `start` (of `performance.now()`), for people. */
function elapsed(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Says what begins, that it still runs, and how long it took. Rejects with what `work` rejects with. */
export async function step<T>(headline: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  console.log(`▸ ${headline}`);
  const ticker = setInterval(() => console.log(`  … ${headline}, ${elapsed(start)}`), stillWorkingEvery);
  try {
    const result = await work();
    console.log(`✓ ${headline} ${elapsed(start)}`);
    return result;
  } catch (error) {
    console.log(`✗ ${headline} ${elapsed(start)}`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}
