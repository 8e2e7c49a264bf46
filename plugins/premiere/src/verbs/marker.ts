/** A marker on the sequence. */
import { create } from "@bufbuild/protobuf";

import {
  AddedMarkerSchema,
  type AddedMarker,
  type AddMarker,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openCut, timeOf } from "../cut";
import type { Premiere } from "../host";
import { change } from "../transaction";

/** Premiere keeps no hidden text in markers, so that `custom` becomes the last lines of the note. */
export async function addMarker(premiere: Premiere, { marker }: AddMarker): Promise<AddedMarker> {
  const cut = await openCut(premiere);
  const markers = await premiere.app.Markers.getMarkers(cut.sequence);
  const at = timeOf(cut, marker?.record?.start ?? 0);
  const length = timeOf(cut, marker?.record?.frames ?? 0);
  const note = [marker?.note ?? "", marker?.custom ?? ""].filter((text) => text !== "").join("\n");
  const { MARKER_TYPE_COMMENT } = premiere.app.Marker;
  change(cut.project, "Second Unit: add a marker", [
    () => markers.createAddMarkerAction(marker?.name ?? "", MARKER_TYPE_COMMENT, at, length, note),
  ]);
  return create(AddedMarkerSchema);
}
