/** The port in Chromium. */
import { measurePort, type PortFindings } from "./measure-port.ts";

declare global {
  var portPage: () => Promise<PortFindings>;
}

const worker = (name: string) => () => new Worker(`/${name}.js`, { type: "module" });

globalThis.portPage = () => measurePort({ ours: worker("ours"), bare: worker("bare") });
