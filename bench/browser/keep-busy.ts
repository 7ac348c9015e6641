/** The work of an app that leaves its main thread a tenth of the time, in ms. */
const BURST = 45;
const REST = 5;

/** Keeps this thread busy until the function that it returns is called. */
export function keepBusy(): () => void {
  let timer = setTimeout(function burst() {
    const end = performance.now() + BURST;
    while (performance.now() < end);
    timer = setTimeout(burst, REST);
  });
  return () => clearTimeout(timer);
}
