/** Another take in the place of one: in the same clip, or, where that cannot be, in one above it. */
import { create } from "@bufbuild/protobuf";

import {
  SwitchedTakeSchema,
  type SwitchedTake,
  type SwitchTake,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { imported } from "../bin";
import { audioTracks, clipAt, clipOf, clipsOf, firstFree, idOf, mediaOf, sourceOf, videoTracks, type Clip } from "../clips";
import { frameOf, openCut, timeOf, type Cut } from "../cut";
import type { Premiere } from "../host";
import { keeping, readLedger, type Ledger } from "../ledger";
import { Refusal } from "../refusal";
import { rateOfNumber } from "../ticks";
import { change } from "../transaction";
import { trimmed } from "../trim";

export async function switchTake(premiere: Premiere, ask: SwitchTake): Promise<SwitchedTake> {
  const cut = await openCut(premiere);
  const clip = await clipOf(cut, ask.itemId);
  const source = clip && (await sourceOf(clip.item));
  if (clip === undefined || source === undefined) {
    throw new Refusal("CHANGED", "The clip is not there any more.", "Place the take anew.");
  }
  if (ask.file === "" || !(await premiere.exists(ask.file))) {
    throw new Refusal("HOST", `There is no file ${ask.file}.`, "Have the take made or downloaded again.");
  }
  const name = ask.file.replace(/^.*[\\/]/, "");
  const media = await mediaOf(cut, source);
  const alone = (await clipsOf(cut, source.getId())).length === 1;
  // In place keeps the effects on the clip; an item that is used twice would change at both places.
  if (alone && media !== undefined && (await media.canChangeMediaPath())) {
    if (await media.changeMediaFilePath(ask.file, false)) {
      change(cut.project, `Second Unit: show ${name}`, [
        () => source.createSetNameAction(name),
        () => clip.item.createSetNameAction(name),
      ]);
      return create(SwitchedTakeSchema, { itemId: await idOf(cut, clip) });
    }
  }
  return create(SwitchedTakeSchema, { itemId: await above(cut, clip, source.getId(), ask.file, name) });
}

/** The take on the next free track above, and the clip beneath switched off: one step, one undo. */
async function above(cut: Cut, clip: Clip, old: string, file: string, name: string): Promise<string> {
  const { record } = clip;
  const taken = (await imported(cut, [file])).get(file);
  if (taken === undefined) {
    throw new Refusal("HOST", `Premiere did not import ${file}.`, "Import it once by hand to see why.");
  }
  const pace = rateOfNumber((await taken.media.getFootageInterpretation()).getFrameRate()) ?? cut.rate;
  const source = { start: frameOf(await clip.item.getInPoint(), pace), frames: record.frames };
  await trimmed(cut, [{ ...taken, source, pace }]);
  const track = await firstFree(cut, await videoTracks(cut), clip.track + 1, record);
  const audio = await firstFree(cut, await audioTracks(cut), 0, record);
  const editor = cut.premiere.app.SequenceEditor.getEditor(cut.sequence);
  const item = taken.item.getId();
  const keep = await keeping(cut, joined(await readLedger(cut), old, { item, track, start: record.start, marker: "" }));
  change(cut.project, `Second Unit: show ${name}`, [
    () => editor.createOverwriteItemAction(taken.item, timeOf(cut, record.start), track, audio),
    () => clip.item.createSetDisabledAction(true),
    keep,
  ]);
  const there = await clipAt(cut, item, track, record.start);
  if (there !== undefined) return idOf(cut, there);
  throw new Refusal(
    "HOST",
    `Premiere did not put ${name} on V${track + 1}, and the clip beneath is switched off.`,
    `Undo "Second Unit: show ${name}", add a video track, and try again.`,
  );
}

/** The new clip belongs to the shot that the old one belongs to. */
function joined(ledger: Ledger, old: string, entry: { item: string; track: number; start: number; marker: string }): Ledger {
  return new Map(
    [...ledger].map(([shot, entries]) => [
      shot,
      entries.some(({ item }) => item === old) ? [...entries, entry] : entries,
    ]),
  );
}
