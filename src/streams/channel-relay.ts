import { Subscription } from "rxjs";
import type { PortLike } from "./link.ts";

/** Carries what is said on ports over something that is none. Unsubscribing closes the ports. */
export class ChannelRelay extends Subscription {
  readonly #ports: ReadonlyMap<string, PortLike>;

  /** `post` is given what each port has to say, in order. */
  constructor(ports: ReadonlyMap<string, PortLike>, post: (port: string, data: unknown) => void) {
    super();
    this.#ports = ports;
    for (const [name, port] of ports) {
      const listener = ({ data }: { readonly data?: unknown }) => post(name, data);
      port.addEventListener("message", listener);
      port.start();
      this.add(() => {
        port.removeEventListener("message", listener);
        port.close();
      });
    }
  }

  /** Says to a port what has come for it. */
  deliver(port: string, data: unknown): void {
    this.#ports.get(port)?.postMessage(data);
  }
}
