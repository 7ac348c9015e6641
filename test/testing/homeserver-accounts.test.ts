import { describe, expect, it } from "vitest";
import { virtualClock } from "../../src/testing/clock.ts";
import { createHomeserver } from "../../src/testing/homeserver/index.ts";
import { asker, createClient } from "./homeserver-client.ts";

const dummy = { type: "m.login.dummy" };

describe("an account", () => {
  it("is registered in two steps, as Synapse has it", async () => {
    const ask = asker(createHomeserver({ serverName: "example.org" }));
    const body = { username: "alice", password: "secret" };
    const asked = await ask("POST", "/register", { body });
    expect(asked.status).toBe(401);
    expect(asked.body).toMatchObject({ flows: [{ stages: ["m.login.dummy"] }], session: expect.any(String) });
    const done = await ask("POST", "/register", { body: { ...body, device_id: "PHONE", auth: dummy } });
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ user_id: "@alice:example.org", device_id: "PHONE" });
  });

  it.each([
    [{ username: "alice", password: "x" }, 400, "M_USER_IN_USE"],
    [{ username: "Alice B", password: "x" }, 400, "M_INVALID_USERNAME"],
    [{ username: "carol", auth: dummy }, 400, "M_MISSING_PARAM"],
    [{ username: 5 }, 400, "M_BAD_JSON"],
    ["[]", 400, "M_BAD_JSON"],
    ["{", 400, "M_NOT_JSON"],
    ["", 400, "M_NOT_JSON"],
    [`{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`, 400, "M_BAD_JSON"],
  ])("is not registered with %j", async (body, status, errcode) => {
    const homeserver = createHomeserver();
    homeserver.createUser("alice");
    const answer = await asker(homeserver)("POST", "/register", { body });
    expect([answer.status, answer.body.errcode]).toEqual([status, errcode]);
  });

  it("is logged in to with its name or its id, on the device that it names", async () => {
    const homeserver = createHomeserver();
    const { userId, password } = homeserver.createUser("alice");
    const ask = asker(homeserver);
    for (const user of ["alice", userId]) {
      const identifier = { type: "m.id.user", user };
      const body = { type: "m.login.password", identifier, password, device_id: "TABLET" };
      const { status, body: session } = await ask("POST", "/login", { body });
      expect([status, session.device_id]).toEqual([200, "TABLET"]);
      const whoami = await asker(homeserver, session.access_token)("GET", "/account/whoami");
      expect(whoami.body).toEqual({ user_id: userId, device_id: "TABLET", is_guest: false });
    }
  });

  it("ends the device's earlier access token at a new login", async () => {
    const homeserver = createHomeserver();
    const alice = homeserver.createUser("alice", { deviceId: "PHONE" });
    const body = { type: "m.login.password", user: "alice", password: alice.password, device_id: "PHONE" };
    expect((await asker(homeserver)("POST", "/login", { body })).status).toBe(200);
    const old = await asker(homeserver, alice.accessToken)("GET", "/account/whoami");
    expect([old.status, old.body.errcode]).toEqual([401, "M_UNKNOWN_TOKEN"]);
  });

  it.each([
    [{ type: "m.login.password", user: "alice", password: "wrong" }, 403, "M_FORBIDDEN"],
    [{ type: "m.login.password", user: "nobody", password: "wrong" }, 403, "M_FORBIDDEN"],
    [{ type: "m.login.sso" }, 400, "M_INVALID_PARAM"],
    [{ type: "m.login.password", password: "x" }, 400, "M_INVALID_PARAM"],
  ])("is not logged in to with %j", async (body, status, errcode) => {
    const homeserver = createHomeserver();
    homeserver.createUser("alice");
    const answer = await asker(homeserver)("POST", "/login", { body });
    expect([answer.status, answer.body.errcode]).toEqual([status, errcode]);
  });

  it("is logged out of, with its device and the keys of that", async () => {
    const homeserver = createHomeserver();
    const alice = createClient(homeserver, "alice", "PHONE");
    const bob = createClient(homeserver, "bob");
    await alice.ask("POST", "/keys/upload", { body: { device_keys: keysOf(alice) } });
    expect((await alice.ask("POST", "/logout")).status).toBe(200);
    const gone = await alice.ask("GET", "/account/whoami");
    expect([gone.status, gone.body.errcode, gone.body.soft_logout]).toEqual([401, "M_UNKNOWN_TOKEN", false]);
    const { body } = await bob.ask("POST", "/keys/query", { body: { device_keys: { [alice.userId]: [] } } });
    expect(body.device_keys).toEqual({ [alice.userId]: {} });
  });

  it("is nobody's without a token, and may be named in the query", async () => {
    const homeserver = createHomeserver();
    const { accessToken } = homeserver.createUser("alice");
    const ask = asker(homeserver);
    const none = await ask("GET", "/account/whoami");
    expect([none.status, none.body.errcode]).toEqual([401, "M_MISSING_TOKEN"]);
    expect((await ask("GET", `/account/whoami?access_token=${accessToken}`)).status).toBe(200);
  });

  it("has a display name, which its rooms learn", async () => {
    const homeserver = createHomeserver();
    const [alice, bob] = [createClient(homeserver, "alice"), createClient(homeserver, "bob")];
    const roomId = await alice.createRoom();
    const path = `/profile/${alice.userId}/displayname`;
    await alice.ask("PUT", path, { body: { displayname: "Alice" } });
    expect((await bob.ask("GET", path)).body).toEqual({ displayname: "Alice" });
    const { body } = await alice.ask("GET", `${alice.at(roomId)}/joined_members`);
    expect(body.joined).toEqual({ [alice.userId]: { display_name: "Alice", avatar_url: null } });
    const other = await bob.ask("PUT", path, { body: { displayname: "Bob" } });
    expect([other.status, other.body.errcode]).toEqual([400, "M_FORBIDDEN"]);
  });
});

const keysOf = ({ userId, deviceId }: { userId: string; deviceId: string }) => ({
  user_id: userId,
  device_id: deviceId,
  algorithms: ["m.megolm.v1.aes-sha2"],
  keys: { [`ed25519:${deviceId}`]: "key" },
  signatures: {},
});

describe("a device", () => {
  it("shows by its keys that it encrypts", async () => {
    const homeserver = createHomeserver();
    const alice = createClient(homeserver, "alice", "PHONE");
    const query = { body: { device_keys: { [alice.userId]: [] } } };
    expect((await alice.ask("POST", "/keys/query", query)).body.device_keys).toEqual({ [alice.userId]: {} });
    const oneTime = { "signed_curve25519:AAAA": { key: "k" } };
    const body = { device_keys: keysOf(alice), one_time_keys: oneTime };
    const uploaded = await alice.ask("POST", "/keys/upload", { body });
    expect(uploaded.body).toEqual({ one_time_key_counts: { signed_curve25519: 1 } });
    const { device_keys } = (await alice.ask("POST", "/keys/query", query)).body;
    expect(device_keys).toEqual({ [alice.userId]: { PHONE: keysOf(alice) } });
  });

  it("publishes no keys for another", async () => {
    const alice = createClient(createHomeserver(), "alice", "PHONE");
    const device_keys = keysOf({ ...alice, deviceId: "TABLET" });
    const { status, body } = await alice.ask("POST", "/keys/upload", { body: { device_keys } });
    expect([status, body.errcode]).toEqual([400, "M_BAD_JSON"]);
  });
});

describe("a session that can be refreshed", () => {
  const logIn = async (tokenLifetime?: number) => {
    const clock = virtualClock();
    const homeserver = createHomeserver({ clock, ...(tokenLifetime !== undefined && { tokenLifetime }) });
    const { userId: user, password } = homeserver.createUser("alice");
    const ask = asker(homeserver);
    const identifier = { type: "m.id.user", user };
    const body = { type: "m.login.password", identifier, password, refresh_token: true };
    const session = (await ask("POST", "/login", { body })).body;
    const whoami = async (token: unknown) => asker(homeserver, String(token))("GET", "/account/whoami");
    return { clock, ask, session, whoami };
  };

  it("has a token that ends, softly, and another for a new one", async () => {
    const { clock, ask, session, whoami } = await logIn(1_000);
    expect(session).toMatchObject({ expires_in_ms: 1_000, refresh_token: expect.any(String) });
    await clock.advance(999);
    expect((await whoami(session.access_token)).status).toBe(200);
    await clock.advance(1);
    const { status, body } = await whoami(session.access_token);
    expect([status, body]).toMatchObject([401, { errcode: "M_UNKNOWN_TOKEN", soft_logout: true }]);
    const { refresh_token } = session;
    const renewed = await ask("POST", "/refresh", { body: { refresh_token } });
    expect(renewed.body).toMatchObject({ expires_in_ms: 1_000, refresh_token: expect.any(String) });
    expect((await whoami(renewed.body.access_token)).body.device_id).toBe(session.device_id);
    expect((await ask("POST", "/refresh", { body: { refresh_token } })).body.errcode).toBe("M_FORBIDDEN");
  });

  it("lives for 5 minutes unless told", async () => {
    expect((await logIn()).session.expires_in_ms).toBe(300_000);
  });
});
