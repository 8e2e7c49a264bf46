/** The picture at a frame of the sequence, graded, as a file. */
import { create } from "@bufbuild/protobuf";

import {
  ExportedFrameSchema,
  type ExportedFrame,
  type ExportFrame,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openCut, timeOf } from "../cut";
import type { Premiere } from "../host";
import { Refusal } from "../refusal";

export async function exportFrame(premiere: Premiere, ask: ExportFrame): Promise<ExportedFrame> {
  const cut = await openCut(premiere);
  const [, folder = "", name = ""] = /^(.*[\\/])([^\\/]+)$/.exec(ask.path) ?? [];
  if (name === "") throw new Refusal("HOST", `${ask.path} names no file.`, "Give an absolute path.");
  const { width, height } = await cut.sequence.getFrameSize();
  const { Exporter } = premiere.app;
  const place = folder.length > 1 && !/^[a-z]:.$/i.test(folder) ? folder.slice(0, -1) : folder;
  const done = await Exporter.exportSequenceFrame(cut.sequence, timeOf(cut, ask.frame), name, place, width, height);
  // Premiere puts the suffix that it knows behind the one that the name has.
  for (const path of [ask.path, `${ask.path}${name.slice(name.lastIndexOf("."))}`]) {
    if (done && (await premiere.exists(path))) return create(ExportedFrameSchema, { path, graded: true });
  }
  throw new Refusal(
    "HOST",
    `Premiere wrote no picture of frame ${ask.frame}.`,
    `Look whether ${folder} can be written to.`,
    true,
  );
}
