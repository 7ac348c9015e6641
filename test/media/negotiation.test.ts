import { expect, it } from "vitest";
import { judge } from "../../src/media/negotiation.ts";

it.each([
  ["offer", "stable", false, "take"],
  ["offer", "stable", true, "take"],
  ["offer", "have-local-offer", true, "take"],
  ["offer", "have-local-offer", false, "ignore"],
  ["offer", "have-remote-offer", true, "refuse"],
  ["offer", "closed", false, "refuse"],
  ["answer", "have-local-offer", true, "take"],
  ["answer", "have-local-offer", false, "take"],
  ["answer", "stable", true, "refuse"],
  ["answer", "have-remote-offer", false, "refuse"],
] as const)("P20 an %s while %s, polite %s: %s", (type, signalingState, polite, verdict) => {
  expect(judge({ type, signalingState, polite })).toBe(verdict);
});
