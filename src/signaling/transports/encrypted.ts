import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  finalize,
  ignoreElements,
  merge,
  type Observable,
  ReplaySubject,
  Subject,
  switchMap,
  takeUntil,
  tap,
} from "rxjs";
import { realClock } from "../../streams/clock.ts";
import type { Identity, TokenRefresh, Transport } from "../../streams/contract.ts";
import type { DeviceVerification } from "../../streams/device.ts";
import { online$ } from "../online.ts";
import { type EncryptedClient, startEncryptedClient } from "./encrypted-client.ts";
import { verification$, verifyDevice } from "./encrypted-device.ts";
import { resumed } from "./encrypted-position.ts";
import { whenJoined } from "./encrypted-room.ts";
import { exclusive } from "./exclusive.ts";
import { matrixClient } from "./matrix-client.ts";
import { matrixHttp } from "./matrix-http.ts";
import { MatrixToken } from "./matrix-token.ts";

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
  /** Emits whether the device is verified, once that is known, then each change. Completes with the sync. */
  readonly verification$: Observable<DeviceVerification>;
  /** Verifies the device by the account's recovery key. Rejects as `verifyDevice` does. */
  verify(recoveryKey: string): Promise<void>;
}

/**
 * A transport with a client and keys of its own, for encrypted rooms. It keeps both in IndexedDB, under the name of its
 * device. Beyond the contract, `identity()` and `batches$` fail with `storage_blocked`, `storage_full` or `storage_lost`
 * where the keys cannot be kept there.
 */
export function encryptedTransport(options: EncryptedTransportOptions): EncryptedTransport {
  const { homeserver, accessToken, tokenRefresh, userId, deviceId } = options;
  const token = new MatrixToken(accessToken, tokenRefresh);
  const fetch: typeof globalThis.fetch = (resource, init) => globalThis.fetch(resource, init);
  const http = matrixHttp({ homeserver, token, clock: realClock, fetch, online$ });
  const storage = new Subject<never>();
  const connected = new BehaviorSubject(false);
  const ended = new Subject<void>();
  const running = new ReplaySubject<EncryptedClient>(1);
  const expected = { ...(userId !== undefined && { userId }), ...(deviceId !== undefined && { deviceId }) };
  let started: Promise<{ readonly client: EncryptedClient; readonly transport: Transport }> | undefined;

  const start = () => {
    started ??= startEncryptedClient({
      ...{ homeserver, http, token, expected },
      onStorageError: (error) => storage.error(error),
    }).then(
      (client) => {
        running.next(client);
        return { client, transport: matrixClient(client.client) };
      },
      (error: unknown) => {
        started = undefined;
        throw error;
      },
    );
    return started;
  };
  const stop = async () => {
    connected.next(false);
    ended.next();
    await (await started)?.client.stop();
  };
  const transport = async () => (await start()).transport;

  return {
    batches$: exclusive(
      merge(
        storage,
        token.over$,
        running.pipe(
          switchMap(() => defer(transport)),
          switchMap(({ batches$, connected$ }) =>
            merge(
              batches$,
              connected$.pipe(
                tap((isConnected) => connected.next(isConnected)),
                ignoreElements(),
              ),
            ),
          ),
        ),
      ).pipe(
        resumed(options.since),
        finalize(() => void stop().catch(() => {})),
      ),
    ),
    connected$: connected.pipe(distinctUntilChanged()),
    identity: async (): Promise<Identity> => (await start()).client.identity,
    async send(...event) {
      const { client, transport } = await start();
      await whenJoined(client.client, event[0]);
      return transport.send(...event);
    },
    prepareSend: (...event) =>
      defer(transport).pipe(switchMap(({ prepareSend }) => prepareSend?.(...event) ?? [undefined])),
    delayed: async () => (await transport()).delayed?.(),
    turnServers: async () => (await transport()).turnServers(),
    verification$: running.pipe(switchMap(verification$), takeUntil(ended)),
    verify: async (recoveryKey) => verifyDevice((await start()).client, recoveryKey),
  };
}
