// The worker's script under the name that encrypted.ts gives it, where src runs as it is. In dist the bundle has it.
import "./encrypted-entry.ts";
