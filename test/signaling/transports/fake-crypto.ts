import type { MatrixEvent } from "matrix-js-sdk";

interface ToDevice {
  readonly toDeviceEvents: readonly { readonly content: { readonly session?: string } }[];
}

/** The SDK's crypto as its sync and its events see it: keys come by to-device messages, and open what waits for them. */
export function fakeCrypto() {
  const keys = new Set<string>();
  const waiting = new Set<MatrixEvent>();
  const decrypted: string[] = [];
  const roomsOnceEncrypted = new Set<string>();
  let sessions = 0;

  const crypto = {
    /** The ids of the events that were to be decrypted, each time. */
    decrypted,
    roomsOnceEncrypted,
    /** Decryption takes until this has resolved. */
    busy: Promise.resolve(),
    /** What the next encryption fails with. */
    refusal: undefined as Error | undefined,
    /** As from a backup: outside of any sync. */
    addKey(session: string): void {
      keys.add(session);
      for (const event of waiting) void event.attemptDecryption(crypto as never, { isRetry: true });
    },
    async decryptEvent(event: MatrixEvent) {
      decrypted.push(event.getId() ?? "");
      const { session_id, inside } = event.getWireContent();
      await crypto.busy;
      if (!keys.has(session_id)) {
        waiting.add(event);
        throw new Error("there is no key");
      }
      waiting.delete(event);
      return { clearEvent: { ...inside, room_id: event.getRoomId() } };
    },
    async encryptEvent(event: MatrixEvent): Promise<void> {
      if (crypto.refusal) throw crypto.refusal;
      sessions += 1;
      const inside = { type: event.getType(), content: event.getContent() };
      event.makeEncrypted("m.room.encrypted", { session_id: `ours${sessions}`, inside }, "", "");
    },
    isEncryptionEnabledInRoom: async (roomId: string) => roomsOnceEncrypted.has(roomId),
    async processSyncChanges({ toDeviceEvents }: ToDevice) {
      for (const { content } of toDeviceEvents) if (content.session) crypto.addKey(content.session);
      return [];
    },
    async onCryptoEvent() {},
    onSyncCompleted() {},
    stop() {},
  };
  return crypto;
}
