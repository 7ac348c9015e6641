import { Parcel } from "@parcel/core";
import { out, pages } from "./what.js";

const parcel = new Parcel({
  entries: Object.values(pages("html")),
  defaultConfig: "@parcel/config-default",
  mode: "production",
  cacheDir: `${out}.cache`,
  shouldDisableCache: true,
  defaultTargetOptions: { distDir: out, publicUrl: "./" },
});
await parcel.run();
