/** Users and rooms for calls, made over the client-server API: the same on every homeserver. */
import { randomBytes } from "node:crypto";
import { directRoom } from "../e2e/rooms.ts";

export interface Device {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface User {
  readonly userId: string;
  /** Logs in on a device of its own. */
  logIn(): Promise<Device>;
}

async function post(url: string, body: object): Promise<Record<string, string>> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Registers a user on a homeserver that lets anyone do so. */
export async function createUser(homeserver: string, name: string): Promise<User> {
  const api = `${homeserver}/_matrix/client/v3`;
  const username = `${name}-${randomBytes(4).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const auth = { type: "m.login.dummy" };
  await post(`${api}/register`, { username, password, auth, inhibit_login: true });
  const logIn = async (): Promise<Device> => {
    const identifier = { type: "m.id.user", user: username };
    const answer = await post(`${api}/login`, { type: "m.login.password", identifier, password });
    const { user_id: userId = "", device_id: deviceId = "", access_token: accessToken = "" } = answer;
    return { userId, deviceId, accessToken };
  };
  const { userId } = await logIn();
  return { userId, logIn };
}

/** A private room of two users. */
export async function roomOf(homeserver: string, one: User, other: User): Promise<string> {
  return directRoom(homeserver, await one.logIn(), await other.logIn());
}
