import { rspack } from "@rspack/core";
import { out, pages, report } from "./what.js";

rspack(
  {
    mode: "production",
    entry: pages("js"),
    output: { path: out },
    performance: false,
  },
  report,
);
