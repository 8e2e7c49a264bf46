/** Takes onto the timeline: over nothing of the editor's, trimmed, in one step of Premiere's undo. */
import type { VideoTrack } from "@adobe/premierepro";
import { create } from "@bufbuild/protobuf";

import type { Placement } from "../../../panel/src/proto/secondunit/v1/deliveries_pb";
import {
  PlacedSchema,
  PlacedTakesSchema,
  type Placed,
  type PlacedTakes,
  type PlaceTakes,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { BIN, imported, type Imported } from "../bin";
import { audioTracks, clipAt, clipsOf, firstFree, idOf, isFree, videoTracks } from "../clips";
import { frameOf, openCut, timeOf, type Cut } from "../cut";
import type { Premiere } from "../host";
import { keeping, readLedger, type Entry } from "../ledger";
import { overlap, type Pace, type Range } from "../ticks";
import { change, type Maker } from "../transaction";
import { trimmed } from "../trim";

const TIDY = "Second Unit: tidy up";

/** One placement on its way: it has a `stop` as soon as it is clear that it will not be placed. */
interface Way {
  readonly placement: Placement;
  readonly record: Range;
  readonly source: Range;
  readonly pace: Pace;
  stop: string;
  track: number;
  note: string;
  taken: Imported | undefined;
}

export async function placeTakes(premiere: Premiere, ask: PlaceTakes): Promise<PlacedTakes> {
  const cut = await openCut(premiere, ask.timelineId);
  const label = ask.label === "" ? "Second Unit: place takes" : ask.label;
  const ways = ask.placements.map((placement) => begun(placement, cut));
  for (const way of going(ways)) {
    if (!(await premiere.exists(way.placement.file))) way.stop = `There is no file ${way.placement.file}.`;
  }
  oneTrimEach(ways);
  await chooseTracks(cut, ways);
  const items = await imported(cut, [...new Set(going(ways).map((way) => way.placement.file))]);
  for (const way of going(ways)) {
    way.taken = items.get(way.placement.file);
    if (way.taken === undefined) way.stop = `Premiere did not import ${way.placement.file}.`;
  }
  const ready = going(ways);
  await trimmed(cut, ready.flatMap(({ taken, source, pace }) => (taken ? [{ ...taken, source, pace }] : [])));
  change(cut.project, label, await steps(cut, ready));
  const placed: Placed[] = [];
  for (const way of ways) placed.push(await seen(cut, way));
  const failed = ways.filter((way, index) => way.stop === "" && placed[index]?.itemId === "");
  await tidy(cut, failed);
  if (!placed.some(({ itemId }) => itemId !== "")) return create(PlacedTakesSchema, { placed });
  const first = failed.length > 0 ? `"${TIDY}", then ` : "";
  const undo = `Edit > Undo ${first}"${label}" takes all of it back; the files stay in the bin "${BIN}".`;
  return create(PlacedTakesSchema, { placed, undo });
}

/** Of a clip that Premiere did not place nothing is left: no marker, and no note of it. */
async function tidy(cut: Cut, ways: readonly Way[]): Promise<void> {
  if (ways.length === 0) return;
  const ledger = new Map(await readLedger(cut));
  const markers = await cut.premiere.app.Markers.getMarkers(cut.sequence);
  const makers: Maker[] = [];
  for (const { placement, record, track } of ways) {
    const entries = ledger.get(placement.shotId) ?? [];
    ledger.set(placement.shotId, entries.filter((one) => one.track !== track || one.start !== record.start));
    const ours = markers
      .getMarkers()
      .filter((one) => one.getComments() === placement.marker && frameOf(one.getStart(), cut.rate) === record.start);
    if (placement.marker !== "") makers.push(...ours.map((one) => () => markers.createRemoveMarkerAction(one)));
  }
  change(cut.project, TIDY, [...makers, await keeping(cut, ledger)]);
}

function begun(placement: Placement, cut: Cut): Way {
  const record = placement.record ?? { start: 0, frames: 0 };
  const source = placement.source ?? { start: 0, frames: record.frames };
  const way: Way = { placement, record, source, pace: placement.take?.rate ?? cut.rate, track: 0, note: "", stop: "", taken: undefined };
  if (placement.nestedIn !== "") {
    way.stop = "It belongs into a nested sequence; open that sequence and place it there.";
  } else if (record.frames <= 0 || record.start < 0) {
    way.stop = "Its place has no frames.";
  } else if (record.frames !== source.frames) {
    way.stop = `Its place is ${record.frames} frames long, and ${source.frames} of the take are to be shown.`;
  }
  return way;
}

function going(ways: readonly Way[]): readonly Way[] {
  return ways.filter((way) => way.stop === "");
}

/** An item of the project has one pair of marks, which say what of it is placed. */
function oneTrimEach(ways: readonly Way[]): void {
  const first = new Map<string, Way>();
  for (const way of going(ways)) {
    const other = first.get(way.placement.file);
    if (other === undefined) first.set(way.placement.file, way);
    else if (other.source.start !== way.source.start || other.source.frames !== way.source.frames) {
      way.stop = "The same file is placed with other frames in this step; place it by itself afterwards.";
    }
  }
}

/** The track that is asked for where it is free, else the next free one above, else a new one. */
async function chooseTracks(cut: Cut, ways: readonly Way[]): Promise<void> {
  const tracks = await videoTracks(cut);
  const chosen: Way[] = [];
  for (const way of going(ways)) {
    const asked = Math.max(0, way.placement.track);
    let track = Math.min(asked, tracks.length);
    while (!(await isOpen(cut, tracks, chosen, track, way.record))) track += 1;
    way.track = track;
    if (track !== asked) {
      const why = asked > tracks.length ? `there is no V${asked + 1}` : `V${asked + 1} is not free there`;
      way.note = `Placed on V${track + 1}: ${why}.`;
    }
    chosen.push(way);
  }
}

async function isOpen(
  cut: Cut,
  tracks: readonly VideoTrack[],
  chosen: readonly Way[],
  track: number,
  record: Range,
): Promise<boolean> {
  if (chosen.some((way) => way.track === track && overlap(way.record, record))) return false;
  const there = tracks[track];
  return there === undefined || isFree(cut, there, record);
}

async function steps(cut: Cut, ways: readonly Way[]): Promise<readonly Maker[]> {
  if (ways.length === 0) return [];
  const { app } = cut.premiere;
  const editor = app.SequenceEditor.getEditor(cut.sequence);
  const markers = await app.Markers.getMarkers(cut.sequence);
  const sound = await audioTracks(cut);
  const ledger = new Map(await readLedger(cut));
  const makers: Maker[] = [];
  for (const { placement, record, track, taken } of ways) {
    if (taken === undefined) continue;
    // A take's sound must not cover another: it goes where nothing is.
    const audio = await firstFree(cut, sound, 0, record);
    const at = timeOf(cut, record.start);
    makers.push(() => editor.createOverwriteItemAction(taken.item, at, track, audio));
    if (placement.marker !== "") {
      const { MARKER_TYPE_COMMENT } = app.Marker;
      const length = timeOf(cut, record.frames);
      makers.push(() =>
        markers.createAddMarkerAction(placement.name, MARKER_TYPE_COMMENT, at, length, placement.marker),
      );
    }
    const entry: Entry = { item: taken.item.getId(), track, start: record.start, marker: placement.marker };
    ledger.set(placement.shotId, [...(ledger.get(placement.shotId) ?? []), entry]);
  }
  makers.push(await keeping(cut, ledger));
  return makers;
}

/** What stands on the timeline now, whatever Premiere said of it. */
async function seen(cut: Cut, { placement, record, source, pace, stop, track, note, taken }: Way): Promise<Placed> {
  const { shotId } = placement;
  if (stop !== "" || taken === undefined) return create(PlacedSchema, { shotId, record, track, note: stop });
  const item = taken.item.getId();
  const clip =
    (await clipAt(cut, item, track, record.start)) ??
    (await clipsOf(cut, item)).find((one) => one.record.start === record.start);
  if (clip === undefined) {
    const tracks = await videoTracks(cut);
    const missing = `Premiere placed nothing. Add a video track above V${tracks.length} and try again.`;
    const locked = `Premiere placed nothing; look whether V${track + 1} is locked.`;
    const why = track >= tracks.length ? missing : locked;
    return create(PlacedSchema, { shotId, record, track, note: why });
  }
  const faults = note === "" ? [] : [note];
  if (clip.track !== track) faults.push(`Premiere put it on V${clip.track + 1}: look at it, and undo it if it covers something.`);
  if (clip.record.frames !== record.frames) {
    faults.push(`It covers ${clip.record.frames} frames in the place of ${record.frames}.`);
  }
  const first = frameOf(await clip.item.getInPoint(), pace);
  if (first !== source.start) faults.push(`It begins with frame ${first} of the file in the place of ${source.start}.`);
  const verified = clip.track === track && clip.record.frames === record.frames && first === source.start;
  return create(PlacedSchema, {
    shotId,
    itemId: await idOf(cut, clip),
    track: clip.track,
    record: clip.record,
    note: faults.join(" "),
    verified,
  });
}
