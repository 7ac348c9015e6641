import { describe, expect, it, vi } from "vitest";
import { Capturing } from "../../src/media/capturing.ts";
import { Inputs, sending } from "./devices-world.ts";

const VIDEO = { video: { facingMode: "user" } } as const;

/** A phone: two cameras, of which one can be open. */
async function phone() {
  const inputs = new Inputs();
  inputs.exclusive = true;
  inputs.present.video = ["user", "environment"];
  return sending(VIDEO, inputs);
}

describe("where only one camera can be open", () => {
  it("the other is opened after the first was released", async () => {
    const { inputs, capturing, track, sent, warnings, close } = await phone();
    await capturing.change({ video: { facingMode: "environment" } }, {});
    expect([inputs.live, sent, warnings]).toEqual([["environment"], ["environment"], []]);
    await capturing.change({ video: { facingMode: "user" } }, {});
    expect([inputs.live, track("video").deviceId]).toEqual([["user"], "user"]);
    close();
  });

  it("the first is opened again where the other does not open, and nothing has changed", async () => {
    const { inputs, flags, capturing, close } = await phone();
    inputs.broken = ["environment"];
    const changing = capturing.change({ video: { facingMode: "environment" } }, {});
    await expect(changing).rejects.toMatchObject({ code: "media_busy", kind: "video" });
    expect([inputs.live, flags()]).toEqual([["user"], "-v"]);
    expect(inputs.asked.at(-1)).toMatchObject({ video: { facingMode: "user", deviceId: { exact: "user" } } });
    expect(capturing.asked).toEqual(VIDEO);
    close();
  });

  it("where that fails too, the video is muted, and a warning says why", async () => {
    const { inputs, capturing, flags, warnings, close } = await phone();
    inputs.broken = ["environment", "user"];
    const changing = capturing.change({ video: { facingMode: "environment" } }, {});
    await expect(changing).rejects.toMatchObject({ code: "media_busy" });
    expect([inputs.live, flags()]).toEqual([[], "--"]);
    expect(warnings).toMatchObject([{ code: "media_busy", kind: "video" }]);
    inputs.broken = [];
    await capturing.change({ video: true }, {});
    expect([inputs.live, flags()]).toEqual([["user"], "-v"]);
    close();
  });

  it("aborted after the first was released, it is opened again", async () => {
    const { inputs, capturing, flags, close } = await phone();
    const controller = new AbortController();
    const open = inputs.getUserMedia.bind(inputs);
    inputs.getUserMedia = (constraints) => {
      // The second attempt, to open the other with the first released, waits for the user.
      if (inputs.asked.length === 2) inputs.waiting = new Promise((resolve) => setTimeout(resolve, 5));
      else inputs.waiting = undefined;
      return open(constraints);
    };
    const changing = capturing.change({ video: { facingMode: "environment" } }, controller);
    setTimeout(() => controller.abort());
    await expect(changing).rejects.toMatchObject({ code: "aborted" });
    await capturing.change({}, {});
    expect(flags()).toBe("-v");
    close();
    expect(inputs.live).toEqual([]);
  });
});

describe("a change", () => {
  it("whose call is gone when the device opens stops it", async () => {
    const { inputs, capturing, loseConnection, close } = await sending({ audio: true });
    const changing = capturing.change({ video: true }, {});
    loseConnection();
    await expect(changing).rejects.toMatchObject({ code: "wrong_state" });
    expect(inputs.live).toEqual(["mic"]);
    close();
  });

  it("that is never answered keeps no other from being made once it is aborted, and listens no longer", async () => {
    const { inputs, capturing, close } = await sending({ audio: true });
    const controller = new AbortController();
    let removed = 0;
    controller.signal.removeEventListener = () => removed++;
    inputs.waiting = new Promise(() => {});
    const changing = capturing.change({ video: true }, controller);
    await Promise.resolve();
    controller.abort();
    await expect(changing).rejects.toMatchObject({ code: "aborted" });
    inputs.waiting = undefined;
    await capturing.change({ video: true }, {});
    expect([inputs.live, removed]).toEqual([["mic", "front"], 1]);
    close();
  });

  it("that is muted while it is being sent is sent muted", async () => {
    const { capturing, own, track, close } = await sending({ audio: true });
    const changing = capturing.change({ audio: { echoCancellation: false } }, {});
    own.mute({ audio: true });
    await changing;
    expect(track("audio").enabled).toBe(false);
    close();
  });

  it("that is due when the call is over asks for no device", async () => {
    const { inputs, capturing, close } = await sending({ audio: true });
    const answer = inputs.wait();
    const changes = [
      capturing.change({ video: true }, {}),
      capturing.change({ audio: { deviceId: "mic" } }, {}),
    ];
    await vi.waitFor(() => expect(inputs.asked).toHaveLength(2));
    close();
    answer();
    for (const change of changes) await expect(change).rejects.toMatchObject({ code: "closed" });
    expect([inputs.asked.length, inputs.live]).toEqual([2, []]);
  });

  it("that ends a device ends it at once, though one before it waits at a prompt", async () => {
    const { inputs, capturing, flags, close } = await sending({ audio: true });
    const answer = inputs.wait();
    const adding = capturing.change({ audio: { echoCancellation: false }, video: true }, {});
    await vi.waitFor(() => expect(inputs.asked).toHaveLength(2));
    const ending = capturing.change({ audio: false }, {});
    await vi.waitFor(() => expect(inputs.live).toEqual([]));
    answer();
    await Promise.all([adding, ending]);
    expect([inputs.live, flags()]).toEqual([["front"], "-v"]);
    close();
  });
});

describe("what follows devices", () => {
  it("is loaded the next time where it could not be loaded", async () => {
    const { inputs, capturing, close } = await sending({});
    const unloaded = new Capturing(capturing.options);
    vi.doMock("../../src/media/device-changes.ts", () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(unloaded.change({ video: true }, {})).rejects.toThrow();
    vi.doUnmock("../../src/media/device-changes.ts");
    await unloaded.change({ video: true }, {});
    expect(inputs.live).toEqual(["front"]);
    close();
  });

  it("shows no picker where the sharing was stopped while it was being loaded", async () => {
    const { inputs, capturing, close } = await sending({ audio: true });
    let pickers = 0;
    Object.assign(inputs, { getDisplayMedia: async () => pickers++ });
    const sharing = capturing.shareScreen({});
    capturing.stopSharing();
    await expect(sharing).rejects.toMatchObject({ code: "aborted" });
    await capturing.change({}, {});
    expect(pickers).toBe(0);
    close();
  });
});
