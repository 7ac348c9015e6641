import * as v from "valibot";
import { type App, authenticate, CLIENT, type Server } from "./app.ts";
import { readBody } from "./body.ts";
import { forbidden, invalidParam, MatrixError } from "./error.ts";
import { randomDeviceId, randomText } from "./random.ts";
import type { Device, Store, User } from "./store.ts";

const Registration = v.object({
  username: v.optional(v.string()),
  password: v.optional(v.string()),
  device_id: v.optional(v.string()),
  inhibit_login: v.optional(v.boolean()),
  auth: v.optional(v.object({ type: v.optional(v.string()) })),
});

const Login = v.object({
  type: v.string(),
  identifier: v.optional(v.object({ type: v.string(), user: v.optional(v.string()) })),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  device_id: v.optional(v.string()),
  refresh_token: v.optional(v.boolean()),
});

const Refresh = v.object({ refresh_token: v.string() });

export function accountRoutes(app: App, server: Server): void {
  const { store } = server;

  app.post(`${CLIENT}/register`, async (ask) => {
    const body = await readBody(ask.req, Registration);
    const localpart = body.username ?? String(store.users.size + 1);
    checkUsername(store, localpart);
    if (body.auth?.type !== "m.login.dummy") {
      return ask.json({ flows: [{ stages: ["m.login.dummy"] }], params: {}, session: randomText(24) }, 401);
    }
    if (body.password === undefined) throw new MatrixError(400, "M_MISSING_PARAM", "'password' is missing");
    const user = addUser(store, localpart, body.password);
    if (body.inhibit_login) return ask.json({ user_id: user.id, home_server: store.serverName });
    return ask.json(session(store, logIn(store, user, body.device_id)));
  });

  app.get(`${CLIENT}/login`, (ask) => ask.json({ flows: [{ type: "m.login.password" }] }));

  app.post(`${CLIENT}/login`, async (ask) => {
    const body = await readBody(ask.req, Login);
    const name = body.identifier?.type === "m.id.user" ? body.identifier.user : body.user;
    if (body.type !== "m.login.password" || name === undefined || body.password === undefined) {
      throw invalidParam("Only m.login.password with an identifier of type m.id.user is known");
    }
    const user = store.users.get(name.startsWith("@") ? name : `@${name}:${store.serverName}`);
    if (user?.password !== body.password) throw forbidden("Wrong user name or password");
    const device = logIn(store, user, body.device_id);
    if (body.refresh_token) renewable(store, device);
    return ask.json(session(store, device));
  });

  app.post(`${CLIENT}/refresh`, async (ask) => {
    const { refresh_token } = await readBody(ask.req, Refresh);
    const device = [...store.tokens.values()].find((each) => each.session?.refreshToken === refresh_token);
    if (!device) throw forbidden("The refresh token is not, or no longer, known");
    renewable(store, logIn(store, device.user, device.id));
    return ask.json(tokens(store, device));
  });

  app.post(`${CLIENT}/logout`, (ask) => {
    const device = authenticate(ask, server);
    store.tokens.delete(device.token);
    device.user.devices.delete(device.id);
    store.touched.add(device.user);
    return ask.json({});
  });

  app.get(`${CLIENT}/account/whoami`, (ask) => {
    const device = authenticate(ask, server);
    return ask.json({ user_id: device.user.id, device_id: device.id, is_guest: false });
  });
}

/** Throws `M_INVALID_USERNAME` or `M_USER_IN_USE`. */
function checkUsername(store: Store, localpart: string): void {
  if (!/^[a-z0-9=_\-./+]+$/.test(localpart)) {
    throw new MatrixError(400, "M_INVALID_USERNAME", "A user name is made of a-z, 0-9 and =_-./+");
  }
  if (store.users.has(`@${localpart}:${store.serverName}`)) {
    throw new MatrixError(400, "M_USER_IN_USE", `The user name ${localpart} is taken`);
  }
}

export function addUser(store: Store, localpart: string, password: string): User {
  checkUsername(store, localpart);
  const user: User = {
    id: `@${localpart}:${store.serverName}`,
    localpart,
    password,
    displayname: localpart,
    devices: new Map(),
    filters: [],
    rooms: new Set(),
  };
  store.users.set(user.id, user);
  return user;
}

/** A new access token for the device; the one that it had ends. */
export function logIn(store: Store, user: User, deviceId = randomDeviceId()): Device {
  const device = user.devices.get(deviceId) ?? addDevice(user, deviceId);
  store.tokens.delete(device.token);
  store.touched.add(user);
  device.token = randomText(43);
  delete device.session;
  store.tokens.set(device.token, device);
  return device;
}

function addDevice(user: User, id: string): Device {
  const device = { user, id, token: "", oneTimeKeys: new Set<string>(), inbox: [], transactions: new Map() };
  user.devices.set(id, device);
  return device;
}

/** From now on its token ends, and there is another one to renew it with. */
function renewable(store: Store, device: Device): void {
  device.session = { expiresAt: store.clock.now() + store.tokenLifetime, refreshToken: randomText(43) };
}

const tokens = ({ tokenLifetime }: Store, { token, session }: Device) => ({
  access_token: token,
  ...(session && { refresh_token: session.refreshToken, expires_in_ms: tokenLifetime }),
});

const session = (store: Store, device: Device) => ({
  user_id: device.user.id,
  ...tokens(store, device),
  device_id: device.id,
  home_server: store.serverName,
});
