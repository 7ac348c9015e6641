// As entry.js, for shared-worker.ts.
import "./shared-entry.ts";
