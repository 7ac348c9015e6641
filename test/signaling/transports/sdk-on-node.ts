/** What matrix-js-sdk needs to run in our tests: silence, and on Node 20 a function that came with Node 22. */
import { type Logger, logger } from "matrix-js-sdk/lib/logger.js";

const nothing = () => {};

export const quiet: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  getChild: () => quiet,
};

Object.assign(logger, quiet, { log: nothing });

if (!("withResolvers" in Promise)) {
  Object.assign(Promise, {
    withResolvers() {
      let settle = {};
      const promise = new Promise((resolve, reject) => {
        settle = { resolve, reject };
      });
      return { promise, ...settle };
    },
  });
}
