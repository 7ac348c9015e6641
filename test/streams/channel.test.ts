import { describe, expect, it } from "vitest";
import {
  makeLead,
  readLead,
  readToHub,
  readToTab,
  sealToHub,
  sealToTab,
  type ToHub,
  type ToTab,
} from "../../src/streams/channel-frames.ts";

const TO_HUB: readonly ToHub[] = [
  { kind: "seek" },
  { kind: "open", hub: "h", connection: "c", tab: "t", ports: ["p"], hello: { port: "p" } },
  { kind: "post", hub: "h", connection: "c", port: "p", data: 1, ports: [] },
  { kind: "shut", hub: "h", connection: "c" },
];
const TO_TAB: readonly ToTab[] = [
  { kind: "leading", hub: "h" },
  { kind: "post", hub: "h", connection: "c", port: "p", data: ["q"], ports: ["q"] },
];
const FOREIGN: readonly unknown[] = [
  undefined,
  null,
  "leading",
  7,
  {},
  [],
  ...[...TO_HUB, ...TO_TAB],
  ...["seek", "open", "post", "shut", "leading", "other"]
    .flatMap((kind) => [
      { kind, trunkline: "somebody" },
      { kind, trunkline: "hub", hub: 1, connection: "c" },
      { kind, trunkline: "tab", hub: 1, connection: "c" },
    ])
    .filter(({ kind, trunkline }) => kind !== "seek" || trunkline !== "hub"),
  { ...sealToHub(TO_HUB[1] as ToHub), ports: [1] },
  { ...sealToHub(TO_HUB[1] as ToHub), ports: undefined },
  { ...sealToHub(TO_HUB[1] as ToHub), hello: null },
  { ...sealToHub(TO_HUB[1] as ToHub), tab: {} },
  { ...sealToHub(TO_HUB[2] as ToHub), port: 1 },
  { ...sealToHub(TO_HUB[2] as ToHub), ports: [1] },
  { ...sealToTab(TO_TAB[1] as ToTab), connection: null },
  { ...sealToTab(TO_TAB[1] as ToTab), ports: undefined },
];

describe("frames on the channel of tabs", () => {
  it.each(TO_HUB)("reads what a tab says to the hub: $kind", (frame) => {
    expect(readToHub(structuredClone(sealToHub(frame)))).toEqual(frame);
    expect(readToTab(sealToHub(frame))).toBeUndefined();
  });

  it.each(TO_TAB)("reads what the hub says to tabs: $kind", (frame) => {
    expect(readToTab(structuredClone(sealToTab(frame)))).toEqual(frame);
    expect(readToHub(sealToTab(frame))).toBeUndefined();
  });

  it.each(FOREIGN.map((data) => [data]))("passes over what is not ours: %j", (data) => {
    expect([readToHub(data), readToTab(data), readLead(data)]).toEqual([undefined, undefined, undefined]);
  });

  it("tells the order to lead from a frame: the token is in no frame", () => {
    const lead = makeLead({ hub: "h", name: "n", accessToken: "secret" });
    expect(readLead(lead)).toMatchObject({ accessToken: "secret" });
    expect([readToHub(lead), readToTab(lead)]).toEqual([undefined, undefined]);
  });
});
