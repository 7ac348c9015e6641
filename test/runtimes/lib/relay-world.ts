import { firstValueFrom, map, throwError } from "rxjs";
import type { NewEvent, Wire } from "../../../examples/transport/protocol.ts";
import { relayTransport } from "../../../examples/transport/transport.ts";
import type { Identity } from "../../../src/streams/contract.ts";
import { fromErrorData } from "../../../src/streams/errors.ts";
import type { Fault, RequestKind, TestUser, TransportWorld } from "../../../src/testing/transport-suite.ts";

const REVOKE = "revoke ";

/** Knows every user, by a token that says who it is, until the test takes that away: by a request, wherever the relay is. */
export class TestLogins extends Map<string, Identity> {
  override get(token: string): Identity | undefined {
    const known = super.has(token);
    if (token.startsWith(REVOKE)) super.set(token.slice(REVOKE.length), { userId: "", deviceId: "" });
    return known || token.startsWith(REVOKE) ? undefined : JSON.parse(token);
  }
}

/** The transport of the examples, over a way to a relay that knows `TestLogins`. */
export function relayWorld(wire: Wire): TransportWorld {
  const run = crypto.randomUUID().slice(0, 8);
  let count = 0;
  const unknown = (): never => {
    throw new Error("The relay does not know that");
  };

  async function createUser(): Promise<TestUser> {
    count += 1;
    const identity = { userId: `@user${count}:${run}`, deviceId: "PHONE" };
    const token = JSON.stringify(identity);
    const faulty = withFaults(wire);
    const request = async (event: NewEvent) => {
      const id = crypto.randomUUID();
      const { error } = await firstValueFrom(wire({ id, token, type: "send", event, txnId: id }));
      if (error) throw fromErrorData(error);
    };
    const move = (roomId: string, stateKey: string, membership: string) =>
      request({ roomId, type: "m.room.member", stateKey, content: { membership } });
    const setState = (roomId: string, type: string, content: object) =>
      request({ roomId, type, stateKey: "", content });
    return {
      ...identity,
      transport: relayTransport(faulty.wire, token),
      setState,
      async createRoom() {
        const roomId = `!${crypto.randomUUID()}:${run}`;
        await move(roomId, identity.userId, "join");
        await setState(roomId, "m.room.join_rules", { join_rule: "invite" });
        return roomId;
      },
      invite: async () => {}, // who comes in is not asked for an invitation
      join: (roomId) => move(roomId, identity.userId, "join"),
      leave: (roomId) => move(roomId, identity.userId, "leave"),
      kick: (roomId, userId) => move(roomId, userId, "leave"),
      revoke: async () => {
        await firstValueFrom(wire({ id: crypto.randomUUID(), token: `${REVOKE}${token}`, type: "identity" }));
      },
      publishKeys: unknown,
      fail: faulty.fail,
    };
  }
  return { capabilities: ["encryption_refusal"], patience: 4_000, createUser, misdirected: unknown };
}

/** Loses the next request of a kind, or only its answer. */
function withFaults(wire: Wire) {
  const faults = new Map<RequestKind, Fault>();
  return {
    fail: (kind: RequestKind, fault: Fault) => void faults.set(kind, fault),
    wire: ((request) => {
      const fault = faults.get(request.type);
      faults.delete(request.type);
      const cut = () => new Error("The test cuts the line");
      if (fault === "unreachable") return throwError(cut);
      if (fault !== "lost_answer") return wire(request);
      return wire(request).pipe(
        map(() => {
          throw cut();
        }),
      );
    }) satisfies Wire as Wire,
  };
}
