import { describe, expect, it } from "vitest";
import { busyAccount } from "../../bench/mainthread/account.ts";
import { memberCounts, messages } from "../../bench/mainthread/account-model.ts";
import { remembering } from "../../bench/mainthread/remembering.ts";
import { serveStore } from "../../src/testing/homeserver/serve.ts";

describe("a busy account", () => {
  const { store, devices, friend, directRoomId } = busyAccount(30);
  const homeserver = serveStore(store);
  const sync = async (filter: object) => {
    const query = new URLSearchParams({ filter: JSON.stringify(filter) });
    const url = `http://homeserver/_matrix/client/v3/sync?${query}`;
    const headers = { authorization: `Bearer ${devices[0].token}` };
    const answer = await (await homeserver.fetch(new Request(url, { headers }))).json();
    return Object.entries(answer.rooms.join as Record<string, { timeline: { events: { type: string }[] } }>);
  };

  it("is in as many rooms as asked, one of them with a friend who can call", async () => {
    const rooms = await sync({});
    expect(rooms.length).toBe(30);
    expect(rooms.map(([roomId]) => roomId)).toContain(directRoomId);
    expect([...friend.user.rooms].map(({ id }) => id)).toEqual([directRoomId]);
  });

  it("gives each client what it asks for, and no more", async () => {
    const types = async (filter: object) =>
      new Set((await sync(filter)).flatMap(([, room]) => room.timeline.events.map(({ type }) => type)));
    expect(await types({ room: { timeline: { limit: 100 } } })).toContain("m.reaction");
    expect(await types({ room: { timeline: { types: ["m.room.member"], limit: 100 } } })).toEqual(
      new Set(["m.room.member"]),
    );
  });
});

it("most rooms are direct, few are large", () => {
  const counts = memberCounts(1_000);
  expect(counts.filter((count) => count === 2).length).toBe(690);
  expect(counts.filter((count) => count === 60).length).toBe(10);
});

it("members take turns to speak, and speak of what was said", () => {
  const said = messages(7, ["@a:test", "@b:test", "@c:test"]);
  expect(new Set(said.map(({ sender }) => sender)).size).toBeGreaterThan(1);
  expect(JSON.stringify(said.map(({ content }) => content("$earlier")))).toContain("$earlier");
});

describe("a homeserver that remembers", () => {
  const answers = (times: { count: number }) =>
    remembering(async (request) => {
      times.count += 1;
      return Response.json({ times: times.count, url: request.url });
    });
  const get = (path: string, token: string) =>
    new Request(`http://homeserver/_matrix/client/v3${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });

  it("makes a first sync once for each token and filter", async () => {
    const times = { count: 0 };
    const { fetch, firstSync } = answers(times);
    const bodies = [];
    for (const [path, token] of [
      ["/sync?filter=1", "one"],
      ["/sync?filter=1", "one"],
      ["/sync?filter=2", "one"],
      ["/sync?filter=1", "other"],
    ] as const) {
      bodies.push((await (await fetch(get(path, token))).json()).times);
    }
    expect(bodies).toEqual([1, 1, 2, 3]);
    expect(firstSync("one")).toBe("/_matrix/client/v3/sync?filter=2");
    expect(() => firstSync("nobody")).toThrow("first sync");
  });

  it("passes on everything else", async () => {
    const times = { count: 0 };
    const { fetch } = answers(times);
    for (let i = 0; i < 3; i++) await fetch(get("/sync?since=s1", "one"));
    await fetch(get("/versions", "one"));
    expect(times.count).toBe(4);
  });
});
