import { filter, firstValueFrom } from "rxjs";
import type { createPhone as CreatePhone } from "../../../src/phone/phone.ts";
import type { fakeMedia as FakeMedia } from "../../../src/testing/fake-media.ts";
import type { spawnSignaling as SpawnSignaling } from "../../../src/worker/spawn.ts";
import { type ServedUser, servedRoom } from "./served.ts";

/** The package's modules, as they are in src or as they were built. */
interface Modules {
  readonly createPhone: typeof CreatePhone;
  readonly fakeMedia: typeof FakeMedia;
  readonly spawnSignaling: typeof SpawnSignaling;
}

/** A call between two phones, each with an engine in a worker of its own, from `place()` to nothing left open. */
export async function callInWorkers({ createPhone, fakeMedia, spawnSignaling }: Modules): Promise<void> {
  const room = await servedRoom();
  const phoneOf = ({ accessToken }: ServedUser) => {
    const media = fakeMedia();
    const signaling = spawnSignaling({ homeserver: room.url, accessToken });
    return { media, phone: createPhone({ signaling, media }) };
  };
  const [alice, bob] = [phoneOf(room.alice), phoneOf(room.bob)];
  bob.phone.incoming$.subscribe((call) => call.answer({ audio: true }));
  const call = alice.phone.place({ roomId: room.roomId, invitee: room.bob.userId, audio: true });
  await firstValueFrom(call.state$.pipe(filter((state) => state === "connected")));
  call.hangup();
  const { by } = await call.ended;
  await Promise.all([alice.phone.close(), bob.phone.close()]);
  await room.close();
  const left = [alice, bob].map(({ media }) => media.openSessions + media.liveTracks);
  if (by !== "us" || left.some((count) => count > 0))
    throw new Error(`The call ended wrongly: ${JSON.stringify({ by, left })}`);
}
