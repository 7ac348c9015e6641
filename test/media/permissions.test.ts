import { Subscription } from "rxjs";
import { afterEach, expect, it, vi } from "vitest";
import { type Opens, watchPermissions } from "../../src/media/permissions.ts";
import type { Capture } from "../../src/streams/contract.ts";
import { Inputs, Listened } from "./devices-world.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

class Permission extends Listened {
  state: PermissionState;
  constructor(state: PermissionState) {
    super();
    this.state = state;
  }
  become(state: PermissionState) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

/** Watches these inputs, under a permission or in a browser that does not say. */
async function watch(inputs: Inputs, permission?: Permission, camera?: Permission) {
  const query = async ({ name }: { name: string }) =>
    (name === "camera" ? camera : permission) ?? Promise.reject(new TypeError("unknown name"));
  vi.stubGlobal("navigator", { permissions: { query } });
  return watchIn(inputs);
}

/** Watches these inputs on the page as it is. */
async function watchIn(inputs: Inputs) {
  const life = new Subscription();
  let opens: Opens = () => false;
  await watchPermissions(inputs as never, life, (known) => {
    opens = known;
  });
  return {
    life,
    opens: (audio: Capture["audio"] = true) => opens({ audio }),
    opensAll: (capture: Capture) => opens(capture),
  };
}

it("a microphone is known to open where it is allowed and there, and that is kept up to date", async () => {
  const inputs = new Inputs();
  const permission = new Permission("granted");
  const { life, opens } = await watch(inputs, permission);
  expect([opens(), opens({ deviceId: "mic" }), opens({ deviceId: "headset" })]).toEqual([true, true, false]);
  inputs.unplug("audio", "mic");
  await vi.waitFor(() => expect(opens()).toBe(false));
  inputs.plugIn("audio", "mic");
  await vi.waitFor(() => expect(opens()).toBe(true));
  permission.become("denied");
  expect(opens()).toBe(false);
  life.unsubscribe();
  expect(inputs.listeners).toBe(0);
});

it("calls share one status of each permission, which browsers never free, and later ones know its present state", async () => {
  const permission = new Permission("granted");
  const query = vi.fn(async () => permission);
  vi.stubGlobal("navigator", { permissions: { query } });
  for (const state of ["granted", "denied", "granted"] as const) {
    permission.become(state);
    const { life, opens } = await watchIn(new Inputs());
    expect(opens()).toBe(state === "granted");
    life.unsubscribe();
  }
  expect([query.mock.calls.length, permission.listeners]).toEqual([2, 2]);
});

it("a browser that did not say is asked again by the next call", async () => {
  const query = vi.fn(async () => new Permission("granted"));
  query.mockRejectedValueOnce(new TypeError("not now")).mockRejectedValueOnce(new TypeError("not now"));
  vi.stubGlobal("navigator", { permissions: { query } });
  expect((await watchIn(new Inputs())).opens()).toBe(false);
  expect((await watchIn(new Inputs())).opens()).toBe(true);
});

it("none is known to open where the user would be asked, or the browser does not say", async () => {
  for (const permission of [new Permission("prompt"), undefined]) {
    const { life, opens } = await watch(new Inputs(), permission);
    expect(opens()).toBe(false);
    life.unsubscribe();
  }
  await watchPermissions({ getUserMedia: async () => ({}) as never }, new Subscription(), (opens) => {
    expect(opens({ audio: true })).toBe(false);
  });
});

it("a camera for which the user would be asked keeps both from being known, and a denied one does not", async () => {
  const both = { audio: true, video: true };
  const camera = new Permission("prompt");
  const { life, opens, opensAll } = await watch(new Inputs(), new Permission("granted"), camera);
  expect([opens(), opensAll(both), opensAll({ video: true })]).toEqual([true, false, false]);
  camera.become("granted");
  expect([opensAll(both), opensAll({ video: true })]).toEqual([true, true]);
  camera.become("denied");
  expect([opensAll(both), opensAll({ video: true })]).toEqual([true, false]);
  life.unsubscribe();
});

it("settles where nobody waits any more", async () => {
  const life = new Subscription();
  const inputs = new Inputs();
  inputs.enumerateDevices = () => new Promise(() => {});
  vi.stubGlobal("navigator", { permissions: { query: async () => new Permission("granted") } });
  const watching = watchPermissions(inputs as never, life, () => {});
  life.unsubscribe();
  await watching;
});
