/** The sequence as a file that the server reads. */
import type { Sequence } from "@adobe/premierepro";
import { create } from "@bufbuild/protobuf";

import {
  ExportedTimelineSchema,
  type ExportedTimeline,
  type ExportTimeline,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openCut } from "../cut";
import type { Premiere } from "../host";
import { Refusal } from "../refusal";

type Writer = (sequence: Sequence, path: string) => Promise<boolean>;

/** The formats that this Premiere writes, by suffix; OpenTimelineIO and XML since 26.2, AAF since 26.3. */
export function writersOf({ app }: Pick<Premiere, "app">): ReadonlyMap<string, Writer> {
  // Older versions have less than the types promise, or nothing of it at all.
  const converter = app.ProjectConverter as typeof app.ProjectConverter | undefined;
  const writers = new Map<string, Writer>();
  if (converter === undefined) return writers;
  if (typeof converter.exportAsOpenTimelineIO === "function") {
    writers.set("otio", (sequence, path) => converter.exportAsOpenTimelineIO(sequence, path, true));
  }
  if (typeof converter.exportAsFinalCutProXML === "function") {
    writers.set("xml", (sequence, path) => converter.exportAsFinalCutProXML(sequence, path, true));
  }
  if (typeof converter.exportAAF === "function") {
    writers.set("aaf", (sequence, path) => converter.exportAAF(sequence, path));
  }
  return writers;
}

export async function exportTimeline(premiere: Premiere, { path }: ExportTimeline): Promise<ExportedTimeline> {
  const { sequence } = await openCut(premiere);
  const writers = writersOf(premiere);
  const suffix = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  const write = writers.get(suffix);
  if (write === undefined) {
    const able = [...writers.keys()].map((name) => `.${name}`).join(", ");
    throw new Refusal(
      "NOT_ABLE",
      `Premiere ${premiere.version} writes no .${suffix} for plugins.`,
      able === "" ? "Export it by hand: File > Export > OpenTimelineIO." : `Ask for one of ${able}.`,
    );
  }
  if ((await write(sequence, path)) && (await premiere.exists(path))) return create(ExportedTimelineSchema, { path });
  throw new Refusal("HOST", `Premiere did not write ${path}.`, "Look whether the folder can be written to.", true);
}
