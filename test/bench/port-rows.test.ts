import { expect, it } from "vitest";
import type { PortFindings } from "../../bench/port/measure-port.ts";
import { portRows } from "../../bench/port/port-rows.ts";

/** Each kind and load at its own height, so that no two can be taken for each other. */
const findings = (base: number): PortFindings => {
  const times = (height: number) => ({
    roundTrip: [base + height, base + height + 1],
    signal: [base + height + 10],
  });
  return {
    ours: { unloaded: times(100), loaded: times(200) },
    floor: { unloaded: times(300), loaded: times(400) },
  };
};

it("gathers the rounds of each kind and load, ours beside the floor", () => {
  const rows = new Map(portRows("node", [findings(0), findings(1_000)]).map((row) => [row.name, row]));
  expect(rows.get("port.node.roundTrip.loaded")?.samples).toEqual({
    ours: [200, 201, 1_200, 1_201],
    floor: [400, 401, 1_400, 1_401],
  });
  expect(rows.get("port.node.signal.unloaded")?.samples).toEqual({ ours: [110, 1_110], floor: [310, 1_310] });
  expect(rows.get("port.node.signal.unloaded.p99")?.ours).toBe(1_110);
  expect([...rows.values()].filter(({ what }) => what.includes("busy")).length).toBe(4);
});
