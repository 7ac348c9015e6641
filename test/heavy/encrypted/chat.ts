/** What an app does with its client beside calls: encrypted messages, which need the room keys to go on coming. */
import { ClientEvent, type MatrixClient, MsgType } from "matrix-js-sdk";
import type { Peer } from "../../interop/peer.ts";

export interface Chat {
  /** Says something, encrypted by the room's present session. */
  say(roomId: string, text: string): Promise<void>;
  /** What can be read in the room that came encrypted. */
  reads(roomId: string): Promise<readonly string[]>;
  /** How many events of the room wait for their key. */
  locked(roomId: string): Promise<number>;
  /** Has the next event encrypted by a new session, whose key the others do not have. */
  renewSession(roomId: string): Promise<void>;
  /** Resolves once it is in the room and knows that it is encrypted. */
  enters(roomId: string): Promise<void>;
  /** The types of the call events that our user has sent there. */
  sent(roomId: string): Promise<readonly string[]>;
  /** The types of events that stand in the room and were not sent yet. */
  pending(roomId: string): Promise<readonly string[]>;
}

export type ChatPeer = Peer & Chat;

/** The same in a page. */
export function chatOf(client: () => MatrixClient): Chat {
  const events = (roomId: string) => client().getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
  return {
    async say(roomId, body) {
      await client().sendMessage(roomId, { msgtype: MsgType.Text, body });
    },
    async reads(roomId) {
      await Promise.all(events(roomId).map((event) => client().decryptEventIfNeeded(event)));
      return events(roomId)
        .filter((event) => event.isEncrypted() && event.getType() === "m.room.message")
        .map((event) => String(event.getContent().body));
    },
    locked: async (roomId) => events(roomId).filter((event) => event.isDecryptionFailure()).length,
    renewSession: async (roomId) => client().getCrypto()?.forceDiscardSession(roomId),
    enters: (roomId) =>
      new Promise((resolve) => {
        const look = () => {
          const room = client().getRoom(roomId);
          if (room?.getMyMembership() !== "join" || !room.hasEncryptionStateEvent()) return;
          client().off(ClientEvent.Sync, look);
          resolve();
        };
        client().on(ClientEvent.Sync, look);
        look();
      }),
    async sent(roomId) {
      await Promise.all(events(roomId).map((event) => client().decryptEventIfNeeded(event)));
      return events(roomId)
        .filter((event) => event.getSender() === client().getUserId())
        .map((event) => event.getType())
        .filter((type) => type.startsWith("m.call."));
    },
    pending: async (roomId) =>
      events(roomId)
        .filter(({ status }) => status !== null)
        .map((event) => event.getType()),
  };
}
