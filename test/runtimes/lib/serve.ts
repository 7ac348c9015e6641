/** A server of Deno's or Bun's, for requests and for sockets. Neither's types are at hand: by their shape. */
type Handler = (request: Request) => Response | Promise<Response>;

interface BunSocket {
  readonly data: { readonly messages: EventTarget };
  send(text: string): void;
  close(): void;
}

interface BunServer {
  readonly port: number;
  stop(closeActive: boolean): Promise<void>;
  upgrade(request: Request, options: { data: object }): boolean;
}

interface Runtimes {
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(): void },
      handler: Handler,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
    upgradeWebSocket(request: Request): { readonly socket: WebSocket; readonly response: Response };
  };
  readonly Bun?: {
    serve(options: object): BunServer;
  };
}

export const { Deno, Bun } = globalThis as Runtimes;
const hostname = "127.0.0.1";

export interface Server {
  /** Of the form `127.0.0.1:80`. */
  readonly host: string;
  stop(): Promise<void>;
}

export function serveRequests(handler: Handler): Server {
  if (Deno) {
    const server = Deno.serve({ port: 0, hostname, onListen() {} }, handler);
    return { host: `${hostname}:${server.addr.port}`, stop: () => server.shutdown() };
  }
  if (!Bun) throw new Error("Neither Deno nor Bun");
  // A sync waits for 30 s; Bun ends a connection that is idle for 10 s.
  const server = Bun.serve({ port: 0, hostname, idleTimeout: 60, fetch: handler });
  return { host: `${hostname}:${server.port}`, stop: () => server.stop(true) };
}

export function serveSockets(onSocket: (socket: WebSocket) => void): Server {
  if (Deno) {
    const { upgradeWebSocket } = Deno;
    return serveRequests((request) => {
      const { socket, response } = upgradeWebSocket(request);
      onSocket(socket);
      return response;
    });
  }
  if (!Bun) throw new Error("Neither Deno nor Bun");
  const server = Bun.serve({
    port: 0,
    hostname,
    fetch: (request: Request, own: BunServer) =>
      own.upgrade(request, { data: { messages: new EventTarget() } })
        ? undefined
        : new Response("", { status: 400 }),
    websocket: {
      open(socket: BunSocket) {
        const { messages } = socket.data;
        const web = {
          addEventListener: messages.addEventListener.bind(messages),
          send: (text: string) => socket.send(text),
          close: () => socket.close(),
        };
        onSocket(web as unknown as WebSocket);
      },
      message: ({ data: { messages } }: BunSocket, data: string) =>
        messages.dispatchEvent(new MessageEvent("message", { data })),
    },
  });
  return { host: `${hostname}:${server.port}`, stop: () => server.stop(true) };
}
