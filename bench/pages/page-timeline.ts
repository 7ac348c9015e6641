/** What happens in this page's present call: marked from below, by whatever its phone does, and by its user. */
import { createTimeline } from "../../src/bench/timeline.ts";
import { now } from "../browser/time.ts";

export const timeline = createTimeline(now);
