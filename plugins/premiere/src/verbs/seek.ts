/** The playhead, moved. */
import { create } from "@bufbuild/protobuf";

import { SoughtSchema, type Seek, type Sought } from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openCut, timeOf } from "../cut";
import type { Premiere } from "../host";
import { Refusal } from "../refusal";

export async function seek(premiere: Premiere, { frame }: Seek): Promise<Sought> {
  const cut = await openCut(premiere);
  if (await cut.sequence.setPlayerPosition(timeOf(cut, frame))) return create(SoughtSchema);
  throw new Refusal("HOST", `Premiere did not move to frame ${frame}.`, "Look whether a dialogue is open.", true);
}
