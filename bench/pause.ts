/** Between two calls, in ms: nobody is to pay for the tidying up of another. */
const PAUSE = 250;

export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE));
