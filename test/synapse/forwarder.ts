/** The way from browsers to a homeserver, which can be cut. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Forwarder {
  readonly url: string;
  /** Breaks every connection and takes no more, as a network that is gone. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Forwards a free port of `host` to the host and port of `target`. */
export async function forwardTo(target: string, host = "127.0.0.1"): Promise<Forwarder> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((socket) => {
    keep(socket);
    if (isCut) return socket.destroy();
    const onward = connect(Number(port), hostname);
    keep(onward);
    socket.pipe(onward).pipe(socket);
    socket.on("close", () => onward.destroy());
    onward.on("close", () => socket.destroy());
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));

  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
    close() {
      breakAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
