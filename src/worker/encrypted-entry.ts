/**
 * What runs in the worker for encrypted rooms: an engine over a client of matrix-js-sdk with keys of its own. Importing
 * this module is all it takes, in a worker of the web.
 */
import { firstValueFrom } from "rxjs";
import { createEngine, type EngineOptions } from "../signaling/engine.ts";
import { type EncryptedTransportOptions, encryptedTransport } from "../signaling/transports/encrypted.ts";
import { TrunklineError } from "../streams/errors.ts";
import { remoteStreams } from "../streams/link.ts";
import { answer, readHello } from "../streams/link-control.ts";
import type { VerificationRequest } from "./encrypted-requests.ts";
import { hostSignaling } from "./host.ts";

/** What the page gives; only it knows how to get new tokens. */
type Start = Omit<EncryptedTransportOptions, "tokenRefresh" | "since"> &
  Pick<EngineOptions, "policy"> & { readonly tokenRefresh?: boolean };

addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const ports = readHello<MessagePort>(data);
  if (!ports) return;
  hostSignaling(ports, (options, { memory, known, page }) => {
    const { policy, tokenRefresh, ...login } = options as Start;
    if (!page) throw new TrunklineError("invalid_option", "This worker is for encryptedSignaling()");
    const remote = remoteStreams(page);
    const ask = <T>(name: string, ...args: readonly unknown[]) =>
      firstValueFrom(remote.stream<T>(name, ...args), { defaultValue: undefined });
    const transport = encryptedTransport({
      ...login,
      since: memory?.position,
      ...(tokenRefresh && { tokenRefresh: () => ask<string>("tokenRefresh") }),
    });
    // A page that is gone asks for nothing, and is told nothing.
    const quietly = { error: () => {} };
    transport.verification$.subscribe({
      ...quietly,
      next: (state) => void ask("verification", state).catch(() => {}),
    });
    remote.stream<VerificationRequest>("verificationRequests").subscribe({
      ...quietly,
      next: async ({ id, recoveryKey }) => {
        const answered = await answer(() => transport.verify(recoveryKey));
        await ask("verificationAnswer", id, answered).catch(() => {});
      },
    });
    return createEngine({
      transport,
      known,
      ...(memory && { memory }),
      ...(policy !== undefined && { policy }),
    });
  });
});
