import { describe, expect, it } from "vitest";
import { asker, createClient, twoInRoom, typesIn, verbs } from "./homeserver-client.ts";

const CALLS = { room: { timeline: { types: ["m.call.*"] }, state: { types: ["m.room.member"] } } };

describe("a sync", () => {
  it("tells at first what there is, and then only what is new", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    const first = (await bob.sync()).rooms?.join?.[roomId];
    expect([...(first?.state.events ?? []), ...(first?.timeline.events ?? [])]).toHaveLength(8);
    expect((await bob.sync({ since })).rooms).toBeUndefined();
    await alice.send(roomId, "m.call.invite", "1", { call_id: "1" });
    const next = await bob.sync({ since });
    expect(typesIn(next, roomId)).toEqual(["m.call.invite"]);
    expect((await bob.sync({ since: next.next_batch })).rooms).toBeUndefined();
  });

  it("tells the whole state where asked, at once, and of the timeline only what is new", async () => {
    const { bob, roomId, since } = await twoInRoom();
    const { body } = await bob.ask("GET", `/sync?since=${since}&timeout=30000&full_state=true`);
    const room = body.rooms?.join?.[roomId];
    expect(room?.timeline.events).toEqual([]);
    expect(room?.state.events.map(({ type }) => type)).toContain("m.room.join_rules");
  });

  it("P5 gives the transaction id to the device that sent, and to no other", async () => {
    const { homeserver, alice, bob, roomId, since } = await twoInRoom();
    await alice.send(roomId, "m.call.invite", "t1");
    const body = { type: "m.login.password", user: "alice", password: alice.password };
    const { access_token } = (await alice.ask("POST", "/login", { body })).body;
    const tablet = verbs(asker(homeserver, access_token));
    const [own, other, peer] = await Promise.all(
      [alice, tablet, bob].map((client) => client.sync({ since })),
    );
    const idIn = (answer: typeof own) =>
      answer?.rooms?.join?.[roomId]?.timeline.events[0]?.unsigned?.transaction_id;
    expect([idIn(own), idIn(other), idIn(peer)]).toEqual(["t1", undefined, undefined]);
  });

  it("P8 says how old an event is", async () => {
    const { clock, alice, bob, roomId, since } = await twoInRoom();
    await alice.send(roomId, "m.call.invite", "1");
    await clock.advance(1234);
    const event = (await bob.sync({ since })).rooms?.join?.[roomId]?.timeline.events[0];
    expect(event?.unsigned?.age).toBe(1234);
  });

  it("invites with the stripped state of the room, and lets go of who says no", async () => {
    const { homeserver, alice } = await twoInRoom();
    const carol = createClient(homeserver, "carol");
    const { next_batch: since } = await carol.sync();
    const roomId = await alice.createRoom({ name: "Us", is_direct: true, invite: [carol.userId] });
    for (const answer of [await carol.sync(), await carol.sync({ since })]) {
      const events = answer.rooms?.invite?.[roomId]?.invite_state.events ?? [];
      expect(events.map(({ type, state_key }) => [type, state_key])).toEqual([
        ["m.room.create", ""],
        ["m.room.join_rules", ""],
        ["m.room.name", ""],
        ["m.room.member", alice.userId],
        ["m.room.member", carol.userId],
      ]);
      expect(events.at(-1)?.content).toMatchObject({ membership: "invite", is_direct: true });
    }
    await carol.leave(roomId);
    const gone = await carol.sync({ since });
    expect(Object.keys(gone.rooms ?? {})).toEqual(["leave"]);
    expect((await carol.sync()).rooms).toBeUndefined();
  });

  it("gives a newly joined room whole, and calls it limited", async () => {
    const { homeserver, alice } = await twoInRoom();
    const carol = createClient(homeserver, "carol");
    const roomId = await alice.createRoom({ invite: [carol.userId] });
    const { next_batch: since } = await carol.sync();
    await carol.join(roomId);
    const room = (await carol.sync({ since, filter: CALLS })).rooms?.join?.[roomId];
    expect(room?.timeline).toMatchObject({ events: [], limited: true });
    expect(room?.state.events.map((event) => event.content.membership)).toEqual(["join", "join"]);
  });

  it("P18 shows the peer who left, and a room that we left up to that moment", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    await alice.send(roomId, "m.x", "1");
    await bob.leave(roomId);
    await alice.send(roomId, "m.x", "2");
    expect(typesIn(await alice.sync({ since }), roomId)).toEqual(["m.x", "m.room.member", "m.x"]);
    const left = (await bob.sync({ since })).rooms?.leave?.[roomId];
    expect(left?.timeline.events.map((event) => event.type)).toEqual(["m.x", "m.room.member"]);
  });

  it.each([
    ["since", 400, "M_UNKNOWN", "since=nonsense"],
    ["timeout", 400, "M_INVALID_PARAM", "timeout=-1"],
    ["filter", 400, "M_NOT_JSON", "filter={"],
    ["filter", 400, "M_UNKNOWN", 'filter={"room":{"timeline":{"types":5}}}'],
    ["filter", 400, "M_INVALID_PARAM", "filter=99"],
  ])("refuses a wrong %s with %i %s", async (_, status, errcode, query) => {
    const { bob } = await twoInRoom();
    const answer = await bob.ask("GET", `/sync?${encodeURI(query)}`);
    expect([answer.status, answer.body.errcode]).toEqual([status, errcode]);
  });
});

describe("a filtered sync", () => {
  it("lets through the types that are named, and `*` stands for any rest", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    for (const type of ["m.call.invite", "m.room.message", "m.call.hangup", "m.callous"]) {
      await alice.send(roomId, type, type);
    }
    const types = async (timeline: object) =>
      typesIn(await bob.sync({ since, filter: { room: { timeline } } }), roomId);
    expect(await types({ types: ["m.call.*"] })).toEqual(["m.call.invite", "m.call.hangup"]);
    expect(await types({ types: ["m.call.*"], not_types: ["m.call.hangup"] })).toEqual(["m.call.invite"]);
    expect(await types({ types: ["m.callous"] })).toEqual(["m.callous"]);
    expect(await types({ types: ["m.call"] })).toEqual([]);
    expect(await types({ not_senders: [alice.userId] })).toEqual([]);
    expect((await bob.sync({ since, filter: { room: { rooms: [] } } })).rooms).toBeUndefined();
  });

  it("holds at most `limit` events, and says where it left some out", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    for (const n of ["1", "2", "3"]) await alice.send(roomId, `m.call.${n}`, n);
    const timeline = async (limit: number, after?: string) => {
      const filter = { room: { timeline: { limit } } };
      const answer = await bob.sync(after === undefined ? { filter } : { since: after, filter });
      return answer.rooms?.join?.[roomId]?.timeline;
    };
    const last = [{ type: "m.call.2" }, { type: "m.call.3" }];
    expect(await timeline(2, since)).toMatchObject({ limited: true, events: last });
    expect(await timeline(3, since)).toMatchObject({ limited: false, events: [{}, ...last] });
    expect(await timeline(2)).toMatchObject({ limited: true, events: last });
    expect(await timeline(11)).toMatchObject({ limited: false, events: { length: 11 } });
  });

  it("looks, as Synapse does, only so far back for what the filter lets through", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    await alice.send(roomId, "m.call.invite", "invite");
    for (let n = 0; n < 60; n++) await alice.send(roomId, "m.room.message", String(n));
    const filter = (limit: number, state: object) => ({
      room: { timeline: { types: ["m.call.*"], limit }, state },
    });
    const near = (await bob.sync({ filter: filter(2, {}) })).rooms?.join?.[roomId]?.timeline;
    expect(near).toMatchObject({ limited: true, events: [] });
    expect((await bob.sync({ filter: filter(2, { types: [] }) })).rooms).toBeUndefined();
    expect((await bob.sync({ since, filter: filter(2, {}) })).rooms).toBeUndefined();
    expect(typesIn(await bob.sync({ since, filter: filter(10, {}) }), roomId)).toEqual(["m.call.invite"]);
  });

  it("tells of filtered state before what came after it, and as Synapse does, not by itself", async () => {
    const { homeserver, alice, bob, roomId, since } = await twoInRoom();
    const carol = createClient(homeserver, "carol");
    await alice.invite(roomId, carol.userId);
    expect((await bob.sync({ since, filter: CALLS })).rooms).toBeUndefined();
    await alice.send(roomId, "m.call.invite", "1");
    const sync = async (after: string) =>
      (await bob.sync({ since: after, filter: CALLS })).rooms?.join?.[roomId];
    const invited = await sync(since);
    expect(invited?.state.events.map((event) => event.state_key)).toEqual([carol.userId]);
    expect(invited?.timeline).toMatchObject({ limited: false, events: [{ type: "m.call.invite" }] });
    const { next_batch } = await bob.sync({ since });
    await alice.send(roomId, "m.call.candidates", "2");
    await carol.leave(roomId);
    expect((await sync(next_batch))?.state.events).toEqual([]);
    await alice.send(roomId, "m.call.hangup", "3");
    expect((await sync(next_batch))?.state.events).toMatchObject([{ content: { membership: "leave" } }]);
  });

  it("may name a filter that was made before", async () => {
    const { alice, bob, roomId, since } = await twoInRoom();
    const path = `/user/${bob.userId}/filter`;
    const { filter_id } = (await bob.ask("POST", path, { body: CALLS })).body;
    expect((await bob.ask("POST", path, { body: CALLS })).body.filter_id).toBe(filter_id);
    expect((await bob.ask("GET", `${path}/${filter_id}`)).body).toEqual(CALLS);
    await alice.send(roomId, "m.room.message", "1");
    await alice.send(roomId, "m.call.invite", "2");
    const { body } = await bob.ask("GET", `/sync?since=${since}&filter=${filter_id}`);
    expect(typesIn(body, roomId)).toEqual(["m.call.invite"]);
    const foreign = await alice.ask("POST", path, { body: CALLS });
    expect([foreign.status, foreign.body.errcode]).toEqual([403, "M_FORBIDDEN"]);
  });

  it("counts the members for who loads them lazily", async () => {
    const { alice, bob, roomId } = await twoInRoom();
    const filter = { room: { state: { lazy_load_members: true } } };
    const summary = (await bob.sync({ filter })).rooms?.join?.[roomId]?.summary;
    expect(summary).toEqual({
      "m.heroes": [alice.userId],
      "m.joined_member_count": 2,
      "m.invited_member_count": 0,
    });
  });

  it("tells who loads members lazily of themselves and of who speaks", async () => {
    const { homeserver, alice, bob, roomId } = await twoInRoom();
    const carol = homeserver.createUser("carol");
    await alice.ask("POST", `/rooms/${encodeURIComponent(roomId)}/invite`, {
      body: { user_id: carol.userId },
    });
    for (const txn of ["1", "2"]) await alice.send(roomId, "m.room.message", txn);
    const members = async (lazy: boolean) => {
      const room = { state: { lazy_load_members: lazy }, timeline: { types: ["m.room.message"] } };
      const state = (await bob.sync({ filter: { room } })).rooms?.join?.[roomId]?.state?.events ?? [];
      return state.filter(({ type }) => type === "m.room.member").map(({ state_key }) => state_key);
    };
    expect(await members(true)).toEqual([alice.userId, bob.userId]);
    expect(await members(false)).toEqual([alice.userId, bob.userId, carol.userId]);
  });
});
