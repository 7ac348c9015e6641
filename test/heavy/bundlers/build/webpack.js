import webpack from "webpack";
import { out, pages, report } from "./what.js";

webpack(
  {
    mode: "production",
    entry: pages("js"),
    output: { path: out },
    performance: false,
  },
  report,
);
