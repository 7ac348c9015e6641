type Listener = (event: { readonly data?: unknown }) => void;

/** What is needed of a `MessagePort`; those of browsers, Node, Deno and Bun all fit. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: "message" | "close", listener: Listener): void;
  removeEventListener(type: "message" | "close", listener: Listener): void;
  start(): void;
  close(): void;
}

/**
 * Calls `onMessage` with each message, and `onClose` when the far end has closed, where the platform reports it (Node,
 * Chromium). Lasts until the port is closed.
 */
export function listen(port: PortLike, onMessage: Listener, onClose: () => void): void {
  port.addEventListener("message", onMessage);
  port.addEventListener("close", onClose);
  port.start();
}
