import { filter, firstValueFrom } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/phone/call.ts";
import { collect, phonesOn, roomId } from "./world.ts";

const stateOf = (call: Call) => firstValueFrom(call.state$, { defaultValue: "completed" });

describe("a call that rings", () => {
  it("P7 stops by the page's own timer, 2 s late, where no engine says so", async () => {
    const { alice, bob, clock } = await phonesOn(
      (signaling, name) =>
        name === "bob"
          ? { ...signaling, signals$: signaling.signals$.pipe(filter(({ type }) => type !== "ended")) }
          : signaling,
      "alice",
      "bob",
    );
    const rings = collect(bob.phone.incoming$);
    alice.phone.place({ roomId, invitee: "@bob:test", audio: true, lifetime: 60_000 });
    await clock.advance(60_500);
    const [ringing] = rings as [Call];
    expect(await stateOf(ringing)).toBe("ringing");
    await clock.advance(2_000);
    expect(await ringing.ended).toEqual({ by: "system", reason: "invite_timeout" });
    expect(await firstValueFrom(bob.phone.calls$)).toEqual([]);
    expect(bob.media.openSessions).toBe(0);
  });
});
