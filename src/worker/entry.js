// The worker's script under the name that spawn.ts gives it, where src runs as it is: Deno, Bun, JSR. In dist the bundle has it.
import "./entry.ts";
