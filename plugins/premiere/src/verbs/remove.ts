/** What was placed, away again, and nothing else; one step of Premiere's undo brings it back. */
import type { AudioClipTrackItem, Marker, VideoClipTrackItem } from "@adobe/premierepro";
import { create } from "@bufbuild/protobuf";

import {
  RemovedPlacedSchema,
  type RemovedPlaced,
  type RemovePlaced,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { audioTracks, clipAt, clipsOf, recordOf, videoTracks } from "../clips";
import { openCut, type Cut } from "../cut";
import type { Premiere } from "../host";
import { keeping, readLedger, type Entry } from "../ledger";
import { change, type Maker } from "../transaction";
import type { Range } from "../ticks";

export async function removePlaced(premiere: Premiere, ask: RemovePlaced): Promise<RemovedPlaced> {
  const cut = await openCut(premiere, ask.timelineId);
  const ledger = new Map(await readLedger(cut));
  const markers = await premiere.app.Markers.getMarkers(cut.sequence);
  const gone: (VideoClipTrackItem | AudioClipTrackItem)[] = [];
  const freed = new Set<number>();
  const marks: Marker[] = [];
  const shotIds: string[] = [];
  const notices: string[] = [];
  for (const shot of ask.shotIds) {
    const entries = ledger.get(shot) ?? [];
    if (entries.length === 0) notices.push(`Nothing is noted as placed for ${shot} on this sequence.`);
    const left: Entry[] = [];
    for (const entry of entries) {
      const there = await clipAt(cut, entry.item, entry.track, entry.start);
      const clips = there ? [there] : await clipsOf(cut, entry.item);
      const clip = clips.length === 1 ? clips[0] : undefined;
      if (clip !== undefined) {
        freed.add(clip.track);
        gone.push(clip.item, ...(await soundOf(cut, entry.item, clip.record)));
      } else if (clips.length > 1) {
        left.push(entry);
        notices.push(
          `${shot} was moved and stands at ${clips.length} places now; it is left, since it cannot be told which is meant.`,
        );
      }
      marks.push(...markers.getMarkers().filter((one) => entry.marker !== "" && one.getComments() === entry.marker));
    }
    ledger.set(shot, left);
    if (entries.length > 0 && left.length === 0) shotIds.push(shot);
  }
  const makers: Maker[] = [
    ...(gone.length > 0 ? [removing(cut, gone)] : []),
    ...[...new Set(marks)].map((marker) => () => markers.createRemoveMarkerAction(marker)),
  ];
  if (shotIds.length > 0) {
    change(cut.project, "Second Unit: remove what was placed", [...makers, await keeping(cut, ledger)]);
  }
  const tracks = await videoTracks(cut);
  const top = tracks.at(-1);
  const left = top?.getTrackItems(premiere.app.Constants.TrackItemType.CLIP, false).length;
  if (top !== undefined && left === 0 && freed.has(tracks.length - 1)) {
    notices.push(`The track "${top.name}" is empty now and stays: Premiere lets no plugin delete one.`);
  }
  return create(RemovedPlacedSchema, { shotIds, notices });
}

function removing(cut: Cut, items: readonly (VideoClipTrackItem | AudioClipTrackItem)[]): Maker {
  const { app } = cut.premiere;
  const editor = app.SequenceEditor.getEditor(cut.sequence);
  return () => {
    let action = {};
    app.TrackItemSelection.createEmptySelection((selection) => {
      for (const item of items) selection.addItem(item, true);
      action = editor.createRemoveItemsAction(selection, false, app.Constants.MediaType.ANY, false);
    });
    return action;
  };
}

/** The sound that came with a clip. */
async function soundOf(cut: Cut, item: string, record: Range): Promise<readonly AudioClipTrackItem[]> {
  const found: AudioClipTrackItem[] = [];
  for (const track of await audioTracks(cut)) {
    for (const sound of track.getTrackItems(cut.premiere.app.Constants.TrackItemType.CLIP, false)) {
      if ((await sound.getProjectItem()).getId() !== item) continue;
      const own = await recordOf(cut, sound);
      if (own.start === record.start && own.frames === record.frames) found.push(sound);
    }
  }
  return found;
}
