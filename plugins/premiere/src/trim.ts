/** Marks on our own items of the project: what of a file is placed; its handles stay in the file. */
import { frameOf, timeOf, type Cut } from "./cut";
import type { Imported } from "./bin";
import type { Pace, Range } from "./ticks";
import { change } from "./transaction";

export interface Trim extends Imported {
  /** Frames of the file, from its first. */
  readonly source: Range;
  readonly pace: Pace;
}

/** An overwrite reads the marks as they are when it is made, so that they are set before. */
export async function trimmed(cut: Cut, trims: readonly Trim[]): Promise<void> {
  const old = trims.filter(({ fresh }) => !fresh);
  change(cut.project, "Second Unit: clear marks", old.map(({ media }) => () => media.createClearInOutPointsAction()));
  const { VIDEO } = cut.premiere.app.Constants.MediaType;
  const makers = [];
  for (const { media, source, pace } of trims) {
    // Without marks the in point is the file's beginning: 0, or its timecode, as this Premiere counts.
    const zero = frameOf(await media.getInPoint(VIDEO), pace);
    const from = timeOf(cut, zero + source.start, pace);
    const to = timeOf(cut, zero + source.start + source.frames, pace);
    makers.push(() => media.createSetInOutPointsAction(from, to));
  }
  change(cut.project, "Second Unit: mark what is shown", makers);
}
