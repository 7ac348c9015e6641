import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";

export interface NodeServer {
  /** `http://127.0.0.1:8008`, without a slash at the end. */
  readonly url: string;
  /** Stops listening and destroys the open sockets; resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler over HTTP, on loopback unless told otherwise; port 0 takes a free one. Where the handler
 * rejects, the socket is destroyed, so that the client sees what the handler meant: no answer. Rejects where the port
 * is taken.
 */
export async function serve(
  handler: (request: Request) => Response | Promise<Response>,
  { port = 0, host = "127.0.0.1" }: { readonly port?: number; readonly host?: string } = {},
): Promise<NodeServer> {
  const listener = getRequestListener(
    async (request, { incoming }) => {
      try {
        return await handler(request);
      } catch (error) {
        incoming.socket.destroy();
        throw error;
      }
    },
    // The platform's own Request and Response stay in place, and a socket that is gone gets no answer.
    { overrideGlobalObjects: false, errorHandler: () => {} },
  );
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return { url: urlOf(server, host), close: () => close(server) };
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("The server does not listen on a port");
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
