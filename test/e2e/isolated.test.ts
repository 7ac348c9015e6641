import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IsolatedPage } from "../worker/isolated-page.ts";
import { openWorkerStage, type WorkerStage } from "./worker-stage.ts";

declare const isolatedPage: IsolatedPage;

const CSP =
  "require-trusted-types-for 'script'; trusted-types app trunkline; worker-src 'self' blob:; script-src 'self' 'unsafe-inline'";
let stage: WorkerStage;

beforeAll(async () => {
  stage = await openWorkerStage();
});
afterAll(async () => {
  await stage.close();
  expect(stage.troubles).toEqual([]);
});

const started = async (page: Page, ...args: readonly [Parameters<IsolatedPage["start"]>[0], string]) =>
  page.evaluate(([way, path, login]) => isolatedPage.start(way, path, login), [
    ...args,
    stage.login("alice"),
  ] as const);

describe("a page that requires trusted types and is cross-origin isolated, in Chromium", () => {
  it.each([
    ["spawn", "/dist/worker/entry.js?coep"],
    ["shared", "/dist/worker/shared-entry.js?coep"],
    ["leader", "/dist/worker/shared-entry.js?coep"],
    ["inline", ""],
  ] as const)("comes online with %s", async (way, path) => {
    expect(await started(await stage.page(CSP, "isolated-page"), way, path)).toBe("online");
  });

  it.each([
    ["spawn", "/dist/worker/entry.js"],
    ["default", ""],
  ] as const)("is told where to read on when the script is refused: %s", async (way, path) => {
    expect(await started(await stage.page(CSP, "isolated-page"), way, path)).toMatch(
      /^worker_failed: .*trusted types.*embedder policy.*docs\/integration/,
    );
  });
});
