import { afterEach, expect, it, vi } from "vitest";
import { coded, scripted } from "../../signaling/transports/scripted.ts";
import { page } from "../page-events.ts";

afterEach(() => vi.restoreAllMocks());

it("the page's `online` event ends a request on a dead connection, and nobody listens after", async () => {
  const added = vi.spyOn(globalThis, "addEventListener");
  const removed = vi.spyOn(globalThis, "removeEventListener");
  const { transport, next } = scripted({ online$: undefined as never });
  const servers = transport.turnServers();
  await next();
  page.online();
  await expect(servers).rejects.toEqual(coded("homeserver_unreachable"));
  const types = (calls: readonly unknown[][]) => calls.map(([type]) => type);
  expect([types(added.mock.calls), types(removed.mock.calls)]).toEqual([["online"], ["online"]]);
});
