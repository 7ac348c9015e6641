/** Silences matrix-js-sdk, which tells the console of everything it does. */
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
