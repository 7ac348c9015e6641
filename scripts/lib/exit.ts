/**
 * Undoing things however this process ends: by itself, by an error, by Ctrl-C.
 */
const undoings = new Set<() => void>();

function undoAll(): void {
  for (const undo of undoings) undo();
  undoings.clear();
}

/** Runs `undo` (it must be synchronous) when the process ends, unless the function given back was called before. */
export function onExit(undo: () => void): () => void {
  if (undoings.size === 0 && !process.listeners("exit").includes(undoAll)) {
    process.on("exit", undoAll);
    process.once("SIGINT", () => process.exit(130));
    process.once("SIGTERM", () => process.exit(143));
    process.once("SIGHUP", () => process.exit(129));
    // In a worker process of vitest: vitest is gone.
    process.once("disconnect", () => process.exit(1));
  }
  undoings.add(undo);
  return () => undoings.delete(undo);
}
