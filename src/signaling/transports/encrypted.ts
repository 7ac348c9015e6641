import {
  BehaviorSubject,
  catchError,
  defer,
  distinctUntilChanged,
  finalize,
  ignoreElements,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  switchMap,
  tap,
} from "rxjs";
import { realClock } from "../../streams/clock.ts";
import type { Identity, TokenRefresh, Transport } from "../../streams/contract.ts";
import type { DeviceVerification } from "../../streams/device.ts";
import { TrunklineError } from "../../streams/errors.ts";
import { secureRandom } from "../../streams/ids.ts";
import { online$ } from "../online.ts";
import { type EncryptedClient, startEncryptedClient } from "./encrypted-client.ts";
import { verification$, verifyDevice } from "./encrypted-device.ts";
import { resumed } from "./encrypted-position.ts";
import { roomGate } from "./encrypted-room.ts";
import { exclusive } from "./exclusive.ts";
import { matrixClient } from "./matrix-client.ts";
import { matrixHttp } from "./matrix-http.ts";
import { retrying } from "./matrix-sync.ts";
import { MatrixToken } from "./matrix-token.ts";
import { turnServersFrom } from "./matrix-turn.ts";

export interface EncryptedTransportOptions {
  readonly homeserver: string;
  /** A token whose device no other client uses. */
  readonly accessToken: string;
  readonly tokenRefresh?: TokenRefresh;
  /** Where given, the token must be this user's, and this device's. */
  readonly userId?: string;
  readonly deviceId?: string;
  /** Where another transport for this device was lost: the `position` of its last batch that had one. */
  readonly since?: string | undefined;
}

export interface EncryptedTransport extends Transport {
  /** Emits whether the device is verified, once that is known, then each change. Never completes. */
  readonly verification$: Observable<DeviceVerification>;
  /** Verifies the device by the account's recovery key. Rejects as `verifyDevice` does. */
  verify(recoveryKey: string): Promise<void>;
  /** Has the client let go of its stores, for good: what is asked from now on rejects with `closed`. */
  close(): void;
}

interface Started {
  readonly encrypted: EncryptedClient;
  readonly transport: Transport;
  /** To be awaited before anything leaves for a room. */
  readonly gate: (roomId: string) => Promise<void>;
}

/**
 * A transport with a client and keys of its own, for encrypted rooms. It keeps both in IndexedDB, under the name of its
 * device. Beyond the contract, `identity()` and `batches$` fail with `storage_blocked`, `storage_full` or `storage_lost`
 * where the keys cannot be kept there, and with `worker_failed` where the crypto cannot be loaded.
 */
export function encryptedTransport(options: EncryptedTransportOptions): EncryptedTransport {
  const { homeserver, accessToken, tokenRefresh, userId, deviceId } = options;
  const token = new MatrixToken(accessToken, tokenRefresh);
  const fetch: typeof globalThis.fetch = (resource, init) => globalThis.fetch(resource, init);
  const http = matrixHttp({ homeserver, token, clock: realClock, fetch, online$ });
  const storage = new Subject<never>();
  const connected = new BehaviorSubject(false);
  const onConnected = (isConnected: boolean) => connected.next(isConnected);
  const running = new BehaviorSubject<EncryptedClient | undefined>(undefined);
  const expected = { ...(userId !== undefined && { userId }), ...(deviceId !== undefined && { deviceId }) };
  let started: Promise<Started> | undefined;
  let isClosed = false;

  const launch = async (): Promise<Started> => {
    try {
      const onStorageError = storage.error.bind(storage);
      const encrypted = await startEncryptedClient({
        ...{ homeserver, http, token, expected, onStorageError },
        clock: realClock,
      });
      running.next(encrypted);
      const { client } = encrypted;
      return { encrypted, transport: matrixClient(client), gate: roomGate(client, http, realClock) };
    } catch (error) {
      started = undefined;
      throw error;
    }
  };
  const start = async () => {
    if (isClosed) throw new TrunklineError("closed", "The transport has been closed");
    started ??= launch();
    return started;
  };
  const stop = async () => {
    const last = started;
    started = undefined;
    running.next(undefined);
    connected.next(false);
    await (await last)?.encrypted.stop();
  };

  const synced$ = defer(start).pipe(
    retrying({ clock: realClock, random: secureRandom, online$, onConnected }),
    switchMap(({ transport }) =>
      merge(transport.batches$, transport.connected$.pipe(tap(onConnected), ignoreElements())),
    ),
  );
  return {
    batches$: exclusive(
      merge(storage, token.over$, synced$).pipe(
        resumed(options.since),
        finalize(() => void stop().catch(() => {})),
      ),
    ),
    connected$: connected.pipe(distinctUntilChanged()),
    identity: async (): Promise<Identity> => (await start()).encrypted.identity,
    async send(...event) {
      const { transport, gate } = await start();
      await gate(event[0]);
      return transport.send(...event);
    },
    prepareSend: (...event) =>
      defer(async () => {
        const { transport, gate } = await start();
        // A plaintext hangup is none in a room of which it is not known whether it is encrypted.
        await gate(event[0]);
        return transport.prepareSend?.(...event) ?? of(undefined);
      }).pipe(
        switchMap((requests$) => requests$),
        catchError(() => of(undefined)),
      ),
    async delayed() {
      const { transport, gate } = await start();
      const events = await transport.delayed?.();
      return (
        events && {
          ...events,
          async schedule(...event) {
            await gate(event[0]);
            return events.schedule(...event);
          },
        }
      );
    },
    turnServers: () => turnServersFrom(http.ask({ method: "GET", path: "/voip/turnServer" })),
    verification$: running.pipe(switchMap((encrypted) => (encrypted ? verification$(encrypted) : NEVER))),
    verify: async (recoveryKey) => verifyDevice((await start()).encrypted, recoveryKey),
    close() {
      isClosed = true;
      void stop().catch(() => {});
    },
  };
}
