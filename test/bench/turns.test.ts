import { expect, it } from "vitest";
import { sidesIn } from "../../bench/mainthread/turns.ts";

it("every side has its turn in every turn, and begins one of three", () => {
  const turns = [0, 1, 2].map(sidesIn);
  for (const sides of turns) expect([...sides].sort()).toEqual(["floor", "ours", "rival"]);
  expect(turns.map(([first]) => first)).toEqual(["ours", "rival", "floor"]);
});
