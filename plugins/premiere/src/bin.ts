/** Our own bin of the project: what is imported goes there, and is found there by its file. */
import type { ClipProjectItem, FolderItem, ProjectItem } from "@adobe/premierepro";

import { mediaOf } from "./clips";
import type { Cut } from "./cut";
import { Refusal } from "./refusal";
import { change } from "./transaction";

export const BIN = "Second Unit";
/** Takes that are numbered pictures: Premiere is given the first of them. */
const PICTURES = /\d+\.(exr|dpx|png|tiff?|tga|jpe?g)$/i;

export interface Imported {
  readonly item: ProjectItem;
  readonly media: ClipProjectItem;
  /** True: it has just come; false: it was there before, with whatever marks it has. */
  readonly fresh: boolean;
}

/** Files as items of our bin. What Premiere does not take is not in the answer. */
export async function imported(cut: Cut, files: readonly string[]): Promise<ReadonlyMap<string, Imported>> {
  const bin = await ownBin(cut);
  const before = await found(cut, bin, files);
  const wanted = files.filter((file) => !before.has(file));
  const target = cut.premiere.app.ProjectItem.cast(bin);
  const movies = wanted.filter((file) => !PICTURES.test(file));
  // Only true or false comes back, so that what came is looked for by its file.
  if (movies.length > 0) await cut.project.importFiles(movies, true, target, false);
  for (const file of wanted.filter((one) => PICTURES.test(one))) {
    await cut.project.importFiles([file], true, target, true);
  }
  const after = wanted.length > 0 ? await found(cut, bin, files) : before;
  return new Map([...after].map(([file, one]) => [file, { ...one, fresh: !before.has(file) }]));
}

/** True: two spellings of one place on the disk. */
export function samePath(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => path.normalize("NFC").replaceAll("\\", "/"));
  if (first === undefined || second === undefined) return false;
  const windows = /^([a-z]:|\/\/)/i.test(first);
  return windows ? first.toLowerCase() === second.toLowerCase() : first === second;
}

async function ownBin(cut: Cut): Promise<FolderItem> {
  const root = await cut.project.getRootItem();
  const there = await binIn(cut, root);
  if (there !== undefined) return there;
  change(cut.project, "Second Unit: make a bin", [() => root.createBinAction(BIN, false)]);
  const made = await binIn(cut, root);
  if (made !== undefined) return made;
  throw new Refusal("HOST", `Premiere made no bin "${BIN}".`, `Make a bin "${BIN}" yourself and try again.`, true);
}

async function binIn({ premiere: { app } }: Cut, root: FolderItem): Promise<FolderItem | undefined> {
  const bin = (await root.getItems()).find(
    (item) => item.type === app.ProjectItem.TYPE_BIN && item.name === BIN,
  );
  return bin && app.FolderItem.cast(bin);
}

async function found(
  cut: Cut,
  bin: FolderItem,
  files: readonly string[],
): Promise<Map<string, Omit<Imported, "fresh">>> {
  const all = new Map<string, Omit<Imported, "fresh">>();
  for (const item of await bin.getItems()) {
    const media = await mediaOf(cut, item);
    const path = await media?.getMediaFilePath().catch(() => "");
    const file = path && files.find((one) => samePath(one, path));
    if (media !== undefined && file) all.set(file, { item, media });
  }
  return all;
}
