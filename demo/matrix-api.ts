import { type ErrorCode, TrunklineError } from "trunkline";

/** A user's login, as `spawnSignaling` takes it. */
export interface Session {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The little of the client-server API that is needed before a call: who calls, and in which room. */
export interface MatrixApi {
  /** Makes a new user. Rejects where the homeserver does not let everybody in. */
  register(credentials: Credentials): Promise<Session>;
  /** Logs in on the device, in place of whoever was logged in on it. */
  logIn(credentials: Credentials, deviceId: string): Promise<Session>;
  /** Whose token it is. */
  whoAmI(accessToken: string): Promise<Session>;
  /** Makes a direct room, and resolves with its id. */
  createDirectRoom(session: Session, invitee: string): Promise<string>;
  join(session: Session, roomId: string): Promise<void>;
}

interface Request {
  readonly method?: "POST" | "GET";
  readonly body?: object;
  readonly token?: string;
}

/** Every method rejects with a `TrunklineError`: `homeserver_unreachable`, `not_a_homeserver`, or what it answered. */
export function matrixApi(homeserver: string): MatrixApi {
  async function ask(
    path: string,
    { method = "POST", body = {}, token }: Request,
  ): Promise<Record<string, string>> {
    const response = await fetch(`${homeserver.replace(/\/+$/, "")}/_matrix/client/v3${path}`, {
      method,
      ...(method === "POST" && { body: JSON.stringify(body) }),
      headers: {
        ...(method === "POST" && { "Content-Type": "application/json" }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
    }).catch((cause: unknown) => {
      const message = `${homeserver} does not answer. Is its address right, and is it up?`;
      throw new TrunklineError("homeserver_unreachable", message, { cause });
    });
    const answer = await response.json().catch(() => undefined);
    if (typeof answer !== "object" || answer === null) {
      throw new TrunklineError("not_a_homeserver", `What answers at ${homeserver} is no Matrix homeserver.`);
    }
    if (!response.ok) throw refusal(answer);
    return answer;
  }

  const session = (answer: Record<string, string>, accessToken = answer.access_token): Session => ({
    userId: answer.user_id ?? "",
    deviceId: answer.device_id ?? "",
    accessToken: accessToken ?? "",
  });

  return {
    register: async ({ user, password }) =>
      session(
        await ask("/register", { body: { username: user, password, auth: { type: "m.login.dummy" } } }),
      ),
    logIn: async ({ user, password }, deviceId) =>
      session(
        await ask("/login", {
          body: {
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
            device_id: deviceId,
            initial_device_display_name: "Trunkline demo",
          },
        }),
      ),
    whoAmI: async (token) => session(await ask("/account/whoami", { method: "GET", token }), token),
    createDirectRoom: async ({ accessToken }, invitee) => {
      const body = { preset: "trusted_private_chat", is_direct: true, invite: [invitee] };
      return (await ask("/createRoom", { body, token: accessToken })).room_id ?? "";
    },
    join: async ({ accessToken }, roomId) => {
      await ask(`/join/${encodeURIComponent(roomId)}`, { token: accessToken });
    },
  };
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  M_FORBIDDEN: "forbidden",
  M_UNKNOWN_TOKEN: "unknown_token",
  M_MISSING_TOKEN: "unknown_token",
  M_LIMIT_EXCEEDED: "rate_limited",
};

function refusal(answer: { readonly errcode?: unknown; readonly error?: unknown }): TrunklineError {
  const code = CODES[String(answer.errcode)] ?? "server_error";
  return new TrunklineError(code, `The homeserver says: ${answer.error ?? answer.errcode ?? "no"}`);
}
