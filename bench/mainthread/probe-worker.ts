/** Says what time it is, to a main thread that notes how late it hears of it. */
import { now } from "../browser/time.ts";

/** In ms: well below a frame, and so seldom that hearing of it is next to no work. */
const PERIOD = 4;

setInterval(() => postMessage(now()), PERIOD);
