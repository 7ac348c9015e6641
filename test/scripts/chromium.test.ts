import { expect, it } from "vitest";
import { chromiumPlaces, ensureChromium, findChromium } from "../../scripts/chromium.ts";

it("takes what CHROMIUM_PATH names, before all else", () => {
  expect(findChromium({ ...process.env, CHROMIUM_PATH: process.execPath })).toBe(process.execPath);
});

it("says at once that CHROMIUM_PATH names nothing, and does not look elsewhere", () => {
  expect(() => findChromium({ ...process.env, CHROMIUM_PATH: "/nowhere/chromium" })).toThrow(
    "CHROMIUM_PATH is /nowhere/chromium, which is no executable file",
  );
});

it("takes an empty CHROMIUM_PATH as none", () => {
  expect(() => findChromium({ CHROMIUM_PATH: "" })).not.toThrow();
});

it("looks on the PATH, name by name, before the usual places and Playwright's cache", () => {
  const places = chromiumPlaces("linux", { PATH: "/a:/b" }, "/home/alice");
  expect(places.slice(0, 4)).toEqual([
    "/a/chromium",
    "/b/chromium",
    "/a/chromium-browser",
    "/b/chromium-browser",
  ]);
  const order = ["/b/chrome", "/usr/bin/chromium", "/opt/google/chrome/chrome"].map((p) => places.indexOf(p));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).not.toContain(-1);
  expect(places.at(-1)).toMatch(/chromium-\d+/);
});

it("knows the usual places of macOS, for all users and for one", () => {
  const places = chromiumPlaces("darwin", {}, "/Users/alice");
  expect(places).toContain("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
  expect(places).toContain("/Users/alice/Applications/Chromium.app/Contents/MacOS/Chromium");
});

it("knows the usual places of Windows, of those folders that there are", () => {
  const places = chromiumPlaces("win32", { PROGRAMFILES: "C:\\Programs" }, "C:\\Users\\alice");
  expect(places).toContain("C:\\Programs\\Google\\Chrome\\Application\\chrome.exe");
  expect(places.join()).not.toContain("undefined");
});

it("rejects with the same help, and installs nothing, where CHROMIUM_PATH is wrong", async () => {
  const before = process.env.CHROMIUM_PATH;
  process.env.CHROMIUM_PATH = "/nowhere/chromium";
  try {
    await expect(ensureChromium()).rejects.toThrow("CHROMIUM_PATH");
  } finally {
    if (before === undefined) delete process.env.CHROMIUM_PATH;
    else process.env.CHROMIUM_PATH = before;
  }
});
