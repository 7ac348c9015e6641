import { Subscription } from "rxjs";
import { opaqueId, secureRandom } from "../streams/ids.ts";

/** Data as a channel carries it, with a name in the place of each port, and those names. */
export interface Packed {
  readonly data: unknown;
  readonly ports: readonly string[];
}

/**
 * Carries ports over a channel, which cannot: what is posted on them, and the ports that this has with it. One at each
 * end; unsubscribing closes the ports.
 */
export class ChannelRelay extends Subscription {
  readonly #ports = new Map<string, MessagePort>();
  readonly #post: (port: string, packed: Packed) => void;

  /** `post` is given what each port has to send, in order. */
  constructor(post: (port: string, packed: Packed) => void) {
    super();
    this.#post = post;
  }

  /** Data for the other end's `unpack`, changed in place: these ports of it are relayed from here on. */
  pack(data: unknown, ports: readonly MessagePort[]): Packed {
    const names = new Map<unknown, string>(ports.map((port) => [port, this.#relay(port)]));
    return { data: swap(data, names), ports: [...names.values()] };
  }

  /** What the other end packed, with a port in the place of each name, and those ports. */
  unpack({ data, ports: names }: Packed): { readonly data: unknown; readonly ports: MessagePort[] } {
    const ports = new Map<unknown, MessagePort>(
      names.map((name) => {
        const { port1, port2 } = new MessageChannel();
        this.#relay(port1, name);
        return [name, port2];
      }),
    );
    return { data: swap(data, ports), ports: [...ports.values()] };
  }

  /** Posts what the other end packed to the port of this name. */
  deliver(port: string, packed: Packed): void {
    const to = this.#ports.get(port);
    if (!to) return;
    const { data, ports } = this.unpack(packed);
    to.postMessage(data, ports);
  }

  #relay(port: MessagePort, name = opaqueId(secureRandom)): string {
    this.#ports.set(name, port);
    port.onmessage = ({ data, ports }) => this.#post(name, this.pack(data, ports));
    this.add(() => port.close());
    return name;
  }
}

/** Puts other values in the place of some in plain data. */
function swap(data: unknown, others: ReadonlyMap<unknown, unknown>): unknown {
  if (others.has(data)) return others.get(data);
  if (typeof data !== "object" || !data) return data;
  const fields = data as Record<string, unknown>;
  for (const name in fields) fields[name] = swap(fields[name], others);
  return data;
}
