/** The licences of what is bundled, as they ask to be passed on. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The folders of the packages, such as node_modules/rxjs, that files of a bundle come from. */
export function packagesOf(files: readonly string[]): string[] {
  const folders = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

/** One text for all packages. Throws where a package comes without its licence. */
export async function noticesOf(root: string, folders: readonly string[]): Promise<string> {
  const notices = await Promise.all(folders.map((folder) => noticeOf(join(root, folder))));
  return `The workers in this folder include the following packages.\n\n${notices.join("\n\n")}\n`;
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  if (files.length === 0)
    throw new Error(`${name} has no licence file: its notice has to be written by hand`);
  const texts = await Promise.all(files.sort().map((file) => readFile(join(folder, file), "utf8")));
  const title = `${name} ${version} (${license})`;
  return [title, "-".repeat(title.length), ...texts.map((text) => text.trim())].join("\n\n");
}
