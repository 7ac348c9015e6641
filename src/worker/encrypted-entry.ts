/**
 * What runs in the worker for encrypted rooms: an engine over a client of matrix-js-sdk with keys of its own. Importing
 * this module is all it takes, in a worker of the web.
 */
import { wrapPort } from "../comlink/port.ts";
import { createEngine, type EngineOptions } from "../signaling/engine.ts";
import {
  type EncryptedTransport,
  type EncryptedTransportOptions,
  encryptedTransport,
} from "../signaling/transports/encrypted.ts";
import type { TokenRefresh } from "../streams/contract.ts";
import { TrunklineError, toErrorData } from "../streams/errors.ts";
import { readHello } from "../streams/hello.ts";
import type { VerificationPage } from "./encrypted-requests.ts";
import { hostSignaling } from "./host.ts";

/** What the page gives; only it knows how to get new tokens. */
type Start = Omit<EncryptedTransportOptions, "tokenRefresh" | "since"> &
  Pick<EngineOptions, "policy"> & { readonly tokenRefresh: boolean };

type Page = VerificationPage & { tokenRefresh: TokenRefresh };

addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const ports = readHello<MessagePort>(data);
  if (!ports) return;
  hostSignaling(ports, (options, { memory, known, page: port }) => {
    const { policy, tokenRefresh, ...login } = options as Start;
    if (!port) throw new TrunklineError("invalid_option", "This worker is for encryptedSignaling()");
    const page = wrapPort<Page>(port);
    const transport = encryptedTransport({
      ...login,
      since: memory?.position,
      ...(tokenRefresh && { tokenRefresh: () => page.call((far) => far.tokenRefresh()) }),
    });
    serveVerification(transport, page);
    const engine = createEngine({
      transport,
      known,
      ...(memory && { memory }),
      ...(policy !== undefined && { policy }),
    });
    // An engine whose signals nobody has read yet does not end its transport, which has started to find out who we are.
    return { ...engine, close: () => engine.close().finally(transport.close) };
  });
});

/** A page that is gone asks for nothing, and is sent nothing. */
function serveVerification(transport: EncryptedTransport, page: ReturnType<typeof wrapPort<Page>>): void {
  const tell = (ask: Parameters<typeof page.call<void>>[0]) => void page.call(ask).catch(() => {});
  transport.verification$.subscribe((state) => tell((far) => far.verification(state)));
  page
    .stream((far) => far.verificationRequests$)
    .subscribe({
      next: ({ id, recoveryKey }) =>
        void transport.verify(recoveryKey).then(
          () => tell((far) => far.answered(id)),
          (error: unknown) => tell((far) => far.answered(id, toErrorData(error))),
        ),
      error: () => {},
    });
}
