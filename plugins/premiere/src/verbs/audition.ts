/** A take in the Source Monitor, before anything is placed. */
import { create } from "@bufbuild/protobuf";

import { AuditionedSchema, type Audition, type Auditioned } from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import type { Premiere } from "../host";
import { Refusal } from "../refusal";

export async function audition(premiere: Premiere, { path }: Audition): Promise<Auditioned> {
  if (!(await premiere.exists(path))) {
    throw new Refusal("HOST", `There is no file ${path}.`, "Have the take made or downloaded again.");
  }
  if (await premiere.app.SourceMonitor.openFilePath(path)) return create(AuditionedSchema);
  throw new Refusal("HOST", `Premiere does not show ${path}.`, "Import it once by hand to see why.");
}
