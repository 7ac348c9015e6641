import { expect, it, vi } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { virtualClock } from "../../src/testing/clock.ts";
import { scripted, settle } from "./scripted.ts";
import { collect, roomId } from "./world.ts";

async function answered(load: () => unknown) {
  vi.doMock("../../src/phone/recovery.ts", load as never);
  const clock = virtualClock();
  const { phone, media, ring } = scripted({ clock });
  const rings = collect(phone.incoming$);
  await ring({ roomId, callId: "theirs" });
  const call = rings[0] as Call;
  await call.answer({ audio: true });
  await settle();
  return { clock, media, call };
}

const fails = () => {
  throw new TypeError("Failed to fetch");
};
const hangs = () => new Promise(() => {});

it.each([fails, hangs])(
  "an answered call without a path ends when its invite would have: %o",
  async (load) => {
    const { clock, media, call } = await answered(load);
    await clock.advance(93_000);
    expect([collect(call.state$), media.liveTracks]).toEqual([["ended"], 0]);
  },
);

it("one that has a path goes on", async () => {
  const { clock, media, call } = await answered(fails);
  media.setPath("connected");
  await clock.advance(200_000);
  expect(collect(call.state$)).toEqual(["connected"]);
});
