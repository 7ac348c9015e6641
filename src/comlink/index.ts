/** For workers of your own: comlink with Observables and coded errors. See docs/workers.md. */
export { errorHandler, observableHandler, registerHandlers } from "./handlers.ts";
export { exposePort, type FarEnd, wrapPort } from "./port.ts";
export { remoteTransport, serveTransport } from "./transport.ts";
