/** What takes this long, in ms, is a fault, not a figure. */
const DEADLINE = 30_000;

/** Rejects where it takes too long, with how far it came. */
export async function inTime<T>(what: string, work: Promise<T>, howFar: () => Promise<string>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), DEADLINE);
  });
  const outcome = await Promise.race([work, late]).finally(() => clearTimeout(timer));
  if (outcome !== "late") return outcome;
  throw new Error(`${what} was not over after ${DEADLINE / 1_000} s; ${await howFar()}`);
}
