import type { Measure } from "./measure.ts";
import { engine } from "./measures/engine.ts";
import { events } from "./measures/events.ts";
import { connect, hop } from "./measures/floor.ts";
import { mainthread } from "./measures/mainthread.ts";
import { parts } from "./measures/parts.ts";
import { pickup } from "./measures/pickup.ts";
import { policy } from "./measures/policy.ts";
import { port } from "./measures/port.ts";
import { ring } from "./measures/ring.ts";
import { size } from "./measures/size.ts";

/** Everything that `npm run bench` measures, in its order: first without a TURN server, then with one. */
export const measures: readonly Measure[] = [
  hop,
  connect("direct"),
  ring("direct"),
  ...pickup("direct"),
  events("direct"),
  events("slow"),
  policy,
  connect("relay"),
  ring("turn"),
  ...pickup("relay"),
  events("relay"),
  mainthread,
  engine,
  parts,
  port,
  size,
];
