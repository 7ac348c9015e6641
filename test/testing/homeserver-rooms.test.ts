import { describe, expect, it } from "vitest";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { type ClientEvent, createClient, directRoom, type TestClient } from "./homeserver-client.ts";

function three() {
  const homeserver = createHomeserver();
  const [alice, bob, carol] = ["alice", "bob", "carol"].map((name) => createClient(homeserver, name)) as [
    TestClient,
    TestClient,
    TestClient,
  ];
  return { homeserver, alice, bob, carol };
}

const outcome = ({ status, body }: { status: number; body: { errcode?: string } }) => [status, body.errcode];

describe("a room", () => {
  it("is made with the state that was asked for", async () => {
    const { alice, bob } = three();
    const initial_state = [{ type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } }];
    const roomId = await alice.createRoom({
      preset: "private_chat",
      name: "Us",
      invite: [bob.userId],
      initial_state,
    });
    const state = (await alice.ask("GET", `${alice.at(roomId)}/state`)).body as unknown as ClientEvent[];
    expect(state.map(({ type, state_key }) => [type, state_key])).toEqual([
      ["m.room.create", ""],
      ["m.room.member", alice.userId],
      ["m.room.power_levels", ""],
      ["m.room.join_rules", ""],
      ["m.room.history_visibility", ""],
      ["m.room.guest_access", ""],
      ["m.room.encryption", ""],
      ["m.room.name", ""],
      ["m.room.member", bob.userId],
    ]);
    for (const slash of ["", "/"]) {
      const rules = await alice.ask("GET", `${alice.at(roomId)}/state/m.room.join_rules${slash}`);
      expect(rules.body).toEqual({ join_rule: "invite" });
    }
  });

  it.each([
    [{ preset: "secret" }, "M_BAD_JSON"],
    [{ invite: "bob" }, "M_BAD_JSON"],
    [{ invite: ["bob"] }, "M_INVALID_PARAM"],
    [{ initial_state: [{ type: "m.x" }] }, "M_MISSING_PARAM"],
  ])("is not made of %j", async (body, errcode) => {
    const { alice } = three();
    expect(outcome(await alice.ask("POST", "/createRoom", { body }))).toEqual([400, errcode]);
  });

  it("is joined by who is invited, and by nobody else", async () => {
    const { alice, bob, carol } = three();
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    expect(outcome(await carol.join(roomId))).toEqual([403, "M_FORBIDDEN"]);
    expect((await bob.ask("POST", `/join/${encodeURIComponent(roomId)}`)).body).toEqual({ room_id: roomId });
    expect((await bob.join(roomId)).status).toBe(200);
    expect((await bob.ask("GET", "/joined_rooms")).body).toEqual({ joined_rooms: [roomId] });
  });

  it("is joined by anybody where it is public", async () => {
    const { alice, bob } = three();
    const roomId = await alice.createRoom({ preset: "public_chat" });
    expect((await bob.join(roomId)).status).toBe(200);
  });

  it("shows its state to members, and to who left as it was then", async () => {
    const { alice, bob, carol } = three();
    const roomId = await directRoom(alice, bob);
    const topic = `${bob.at(roomId)}/state/m.room.topic/`;
    await alice.setState(roomId, "m.room.topic", { topic: "before" });
    await bob.leave(roomId);
    await alice.setState(roomId, "m.room.topic", { topic: "after" });
    expect((await bob.ask("GET", topic)).body).toEqual({ topic: "before" });
    expect(outcome(await carol.ask("GET", topic))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.ask("GET", `${alice.at(roomId)}/state/m.none`))).toEqual([404, "M_NOT_FOUND"]);
    expect(outcome(await alice.ask("GET", `${alice.at("!none:x")}/state/m.x`))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await bob.ask("GET", `${bob.at(roomId)}/joined_members`))).toEqual([403, "M_FORBIDDEN"]);
  });

  it("P18 is left, and is nobody's to come back to once it is empty", async () => {
    const { alice, bob } = three();
    const roomId = await directRoom(alice, bob);
    expect((await bob.leave(roomId)).status).toBe(200);
    expect((await bob.leave(roomId)).status).toBe(200);
    expect(outcome(await bob.join(roomId))).toEqual([403, "M_FORBIDDEN"]);
    await alice.leave(roomId);
    expect(outcome(await alice.join(roomId))).toEqual([404, "M_UNKNOWN"]);
    expect(outcome(await alice.leave("!none:x"))).toEqual([404, "M_UNKNOWN"]);
  });

  it("lets in, and throws out, who those with the power say", async () => {
    const { alice, bob, carol } = three();
    const roomId = await alice.createRoom({ preset: "public_chat" });
    await bob.join(roomId);
    expect(outcome(await bob.invite(roomId, carol.userId))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.invite(roomId, bob.userId))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await carol.invite(roomId, carol.userId))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.invite(roomId, "carol"))).toEqual([400, "M_INVALID_PARAM"]);
    const kick = (by: TestClient, user_id: string) =>
      by.ask("POST", `${by.at(roomId)}/kick`, { body: { user_id } });
    expect(outcome(await kick(bob, alice.userId))).toEqual([403, "M_FORBIDDEN"]);
    expect((await kick(alice, bob.userId)).status).toBe(200);
    expect(outcome(await bob.send(roomId, "m.x", "1"))).toEqual([403, "M_FORBIDDEN"]);
  });

  it("changes its state for those with the power, and not where nothing changes", async () => {
    const { alice, bob, carol } = three();
    const roomId = await alice.createRoom({ preset: "public_chat" });
    await bob.join(roomId);
    const set = await alice.setState(roomId, "m.x", { v: 1 }, "key");
    expect((await alice.setState(roomId, "m.x", { v: 1 }, "key")).body).toEqual(set.body);
    expect((await alice.setState(roomId, "m.x", { v: 2 }, "key")).body).not.toEqual(set.body);
    expect(outcome(await bob.setState(roomId, "m.x", {}))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await carol.setState(roomId, "m.x", {}))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.setState(roomId, "m.x", {}, bob.userId))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.setState(roomId, "m.room.create", {}))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await alice.setState(roomId, "m.room.member", {}, bob.userId))).toEqual([
      400,
      "M_UNKNOWN",
    ]);
    expect((await alice.setState(roomId, "m.room.member", { membership: "ban" }, bob.userId)).status).toBe(
      200,
    );
    expect(outcome(await bob.join(roomId))).toEqual([403, "M_FORBIDDEN"]);
  });

  it("takes what its power levels leave out for Synapse's defaults", async () => {
    const { alice, bob } = three();
    const roomId = await directRoom(alice, bob);
    const setLevels = (content: object) => alice.setState(roomId, "m.room.power_levels", content);
    const users = { [alice.userId]: 100 };
    expect((await setLevels({ users })).status).toBe(200);
    for (const join_rule of ["invite", "public"]) {
      const set = await bob.setState(roomId, "m.room.join_rules", { join_rule });
      expect(outcome(set)).toEqual([403, "M_FORBIDDEN"]);
    }
    expect((await bob.send(roomId, "m.x", "1")).status).toBe(200);
    expect((await setLevels({ users, events: { "m.room.join_rules": 0 } })).status).toBe(200);
    expect((await bob.setState(roomId, "m.room.join_rules", { join_rule: "public" })).status).toBe(200);
  });

  it.each([{ users: { "@a:x": "100" } }, { state_default: null }, { events: [] }])(
    "has no power levels such as %j",
    async (content) => {
      const { alice } = three();
      const roomId = await alice.createRoom();
      const set = await alice.setState(roomId, "m.room.power_levels", content);
      expect(outcome(set)).toEqual([400, "M_BAD_JSON"]);
      const initial_state = [{ type: "m.room.power_levels", content }];
      const created = await alice.ask("POST", "/createRoom", { body: { initial_state } });
      expect(outcome(created)).toEqual([400, "M_BAD_JSON"]);
    },
  );
});

describe("sending", () => {
  it("P30 stores an event once for a device and transaction id, whatever comes with it", async () => {
    const { homeserver, alice, bob } = three();
    const roomId = await directRoom(alice, bob);
    const first = await alice.send(roomId, "m.call.invite", "t1", { call_id: "1" });
    expect((await alice.send(roomId, "m.call.invite", "t1", { call_id: "1" })).body).toEqual(first.body);
    const twice = await Promise.all([alice.send(roomId, "m.x", "t2"), alice.send(roomId, "m.x", "t2")]);
    expect(twice[0].body).toEqual(twice[1].body);
    const path = `${alice.at(roomId)}/send/m.call.invite/t1`;
    expect((await alice.ask("PUT", path, { body: "{" })).body).toEqual(first.body);
    const body = { type: "m.login.password", user: "alice", password: alice.password };
    const tablet = (await alice.ask("POST", "/login", { body })).body.access_token;
    const other = await homeserver.fetch(
      new Request(`http://x/_matrix/client/v3${path}?access_token=${tablet}`, { method: "PUT", body: "{}" }),
    );
    expect((await other.json()).event_id).not.toBe(first.body.event_id);
  });

  it("P26 gives an event's keys in the order of canonical JSON, whatever order they were sent in", async () => {
    const { alice } = three();
    const roomId = await alice.createRoom();
    await alice.setState(roomId, "m.test", { b: { d: 1, c: [{ f: 2, e: 3 }] }, a: 4 });
    const { body } = await alice.ask("GET", `${alice.at(roomId)}/state/m.test`);
    expect(JSON.stringify(body)).toBe('{"a":4,"b":{"c":[{"e":3,"f":2}],"d":1}}');
  });

  it("P30 takes an event of 65,536 bytes and none larger", async () => {
    const { alice, bob } = three();
    const roomId = await directRoom(alice, bob);
    expect((await alice.send(roomId, "m.x", "1", { text: "x".repeat(64_800) })).status).toBe(200);
    const large = await alice.send(roomId, "m.x", "2", { text: "x".repeat(65_000) });
    expect(outcome(large)).toEqual([413, "M_TOO_LARGE"]);
    // Bytes, not characters.
    expect((await alice.send(roomId, "m.x", "3", { text: "ü".repeat(33_000) })).status).toBe(413);
    expect(outcome(await alice.send(roomId, "t".repeat(256), "4"))).toEqual([413, "M_TOO_LARGE"]);
  });

  it.each([
    ["{", "M_NOT_JSON"],
    ["", "M_NOT_JSON"],
    ['{"x":NaN}', "M_NOT_JSON"],
    ["[]", "M_BAD_JSON"],
    ['{"x":1.5}', "M_BAD_JSON"],
    ['{"x":9007199254740993}', "M_BAD_JSON"],
  ])("refuses the body %j", async (body, errcode) => {
    const { alice } = three();
    const roomId = await alice.createRoom();
    const answer = await alice.ask("PUT", `${alice.at(roomId)}/send/m.x/1`, { body });
    expect(outcome(answer)).toEqual([400, errcode]);
  });

  it("is for members", async () => {
    const { alice, bob } = three();
    const roomId = await alice.createRoom({ invite: [bob.userId] });
    expect(outcome(await bob.send(roomId, "m.x", "1"))).toEqual([403, "M_FORBIDDEN"]);
    expect(outcome(await bob.send("!none:x", "m.x", "1"))).toEqual([403, "M_FORBIDDEN"]);
  });
});
