import { concatMap, defer, from, lastValueFrom, retry, Subject, timer } from "rxjs";
import { expect, it } from "vitest";
import { matrixTransport } from "../../../src/signaling/transports/matrix.ts";
import { BACKOFF_POLICY, backoff } from "../../../src/streams/backoff.ts";
import type { RoomEvent, Transport } from "../../../src/streams/contract.ts";
import { toTrunklineError } from "../../../src/streams/errors.ts";
import type { Random } from "../../../src/streams/ids.ts";
import { virtualClock } from "../../../src/testing/clock.ts";
import { createHomeserver, type Failure, type Homeserver } from "../../../src/testing/homeserver/index.ts";
import { createClient, directRoom } from "../../testing/homeserver-client.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** The same numbers for the same seed, 0 to 1 (a xorshift of 32 bits). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Every way for a request to go wrong; `much` is 0 to 1. */
const FAILURES: ((much: number) => Failure)[] = [
  (much) => ({ type: "rate_limited", retryAfter: Math.ceil(much * 5) }),
  (much) => ({ type: "rate_limited", retryAfterMs: Math.ceil(much * 5_000) }),
  () => ({ type: "rate_limited" }),
  () => ({ type: "status", status: 500 }),
  () => ({ type: "status", status: 502 }),
  () => ({ type: "status", status: 504 }),
  () => ({ type: "status", status: 200, body: "<html>Log in to the hotel</html>" }),
  () => ({ type: "status", status: 200, body: "{}" }),
  () => ({ type: "dropped" }),
  () => ({ type: "answer_lost" }),
  // Past what a transport waits for, too.
  (much) => ({ type: "slow", ms: much * MINUTE }),
];

/** A `fetch` of which some requests fail. `failed` counts how many did, by the index of the way. */
function faulty(homeserver: Homeserver, random: Random, share: () => number, failed: number[]): typeof fetch {
  return (resource, init) => {
    if (random() < share()) {
      const way = Math.floor(random() * FAILURES.length);
      const failure = FAILURES[way]?.(random());
      // Taken by the request that is made in this very turn.
      if (failure) homeserver.fail({ ...failure, times: 1 });
      failed[way] = (failed[way] ?? 0) + 1;
    }
    return homeserver.fetch(new Request(resource, init));
  };
}

it("P30 loses nothing, doubles nothing and keeps the order through an hour of failures", async () => {
  const clock = virtualClock();
  const random = seeded(1);
  const homeserver = createHomeserver({ clock });
  const [alice, bob] = [createClient(homeserver, "alice"), createClient(homeserver, "bob")];
  const roomId = await directRoom(alice, bob);
  const failed: number[] = [];
  let share = 0;
  const fetch = faulty(homeserver, random, () => share, failed);

  const users = [alice, bob].map(({ accessToken, userId }) => {
    const options = { homeserver: "https://homeserver.test", accessToken, clock, random, fetch };
    const transport = matrixTransport(options);
    const heard: RoomEvent[] = [];
    const outbox = new Subject<number>();
    const sent = lastValueFrom(outbox.pipe(concatMap((number) => sendUntilSent(transport, roomId, number))));
    const sync = transport.batches$.subscribe(({ events }) => {
      heard.push(...events.filter(({ type }) => type === "m.call.candidates"));
    });
    return { userId, transport, heard, outbox, sent, sync };
  });

  function sendUntilSent(transport: Transport, room: string, number: number) {
    const attempt = () => from(transport.send(room, "m.call.candidates", { number }, `t${number}`));
    return defer(attempt).pipe(
      retry({
        delay: (error, count) =>
          timer(backoff(BACKOFF_POLICY, random, count - 1, toTrunklineError(error)), clock),
      }),
    );
  }

  // From here on a page that is no homeserver's is something in between; before, it is a wrong address.
  await clock.advance(1_000);
  share = 0.25;
  let number = 0;
  for (let time = 0; time < HOUR; ) {
    const pause = random() < 0.1 ? 0 : random() * 20_000;
    await clock.advance(pause);
    time += pause;
    users[random() < 0.5 ? 0 : 1]?.outbox.next(number);
    number += 1;
    if (random() < 0.01) {
      homeserver.fail({ type: "dropped" });
      await clock.advance(random() * 2 * MINUTE);
      homeserver.heal();
    }
  }
  for (const { outbox } of users) outbox.complete();
  await clock.advance(30 * MINUTE);
  await Promise.all(users.map(({ sent }) => sent));

  const [first, second] = users.map(({ heard }) => heard);
  const ids = first?.map(({ eventId }) => eventId) ?? [];
  expect(second?.map(({ eventId }) => eventId)).toEqual(ids);
  expect(ids).toHaveLength(number);
  for (const { userId } of users) {
    const numbers = first?.filter(({ sender }) => sender === userId).map(numberOf) ?? [];
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
  }
  expect(new Set(first?.map(numberOf)).size).toBe(number);

  // Nothing went wrong with the test itself: every way to fail was taken often.
  expect(FAILURES.map((_, way) => failed[way] ?? 0).every((count) => count >= 5)).toBe(true);
  for (const { sync } of users) {
    expect(sync.closed).toBe(false);
    sync.unsubscribe();
  }
  await clock.advance(MINUTE);
  expect(clock.pending).toBe(0);
}, 60_000);

const numberOf = ({ content }: RoomEvent) => (content as { readonly number: number }).number;
