import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Every place where a command of one of these names could lie on the PATH: by name first, then by folder. */
export function onPath(
  names: readonly string[],
  path = process.env.PATH ?? "",
  separator = delimiter,
): string[] {
  const folders = path.split(separator).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a command lies on the PATH, if it does. */
export function which(name: string): string | undefined {
  return onPath([name]).find(isExecutable);
}
