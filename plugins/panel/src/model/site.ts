/** Where a shot would go: what the editor looks at, read as a place for each operation. */
import { create } from "@bufbuild/protobuf";

import type { HostContext, HostItem } from "../proto/secondunit/v1/hosts_pb";
import { ClipSchema, type Clip } from "../proto/secondunit/v1/shots_pb";
import {
  Edge,
  FileSchema,
  FrameRangeSchema,
  Operation,
  type FrameRange,
  type Rate,
} from "../proto/secondunit/v1/units_pb";
import { end } from "./words";

/** One place that can be asked for. */
export interface Site {
  readonly operation: Operation;
  readonly edge: Edge;
  /** Video track that the clips stand on, from 0 at the bottom. */
  readonly track: number;
  /** Frames that the cut will show, counted from the timeline's frame 0. */
  readonly record: FrameRange;
  readonly before: Clip | undefined;
  readonly after: Clip | undefined;
  readonly still: Clip | undefined;
  readonly clip: Clip | undefined;
}

/** Frames of an extension, an animation or a transition whose length nothing says. */
const USUAL_FRAMES = 24;
/** Names of files that are one picture. */
export const STILL = /\.(png|jpe?g|tiff?|exr|dpx|bmp|webp)$/i;

/** The places of a context, the likeliest first; at most one for each operation and edge. */
export function sitesOf(context: HostContext): readonly Site[] {
  const items = context.items.filter(({ path, disabled }) => path !== "" && !disabled);
  const spot = spotOf(context, items);
  const found: Site[] = [];
  const add = (...sites: readonly (Site | undefined)[]): void => {
    for (const site of sites) {
      const known = found.some((s) => s.operation === site?.operation && s.edge === site.edge);
      if (site !== undefined && !known && site.record.frames > 0) found.push(site);
    }
  };
  const rate = context.rate;
  if (rate === undefined) return [];
  const selected = items.filter((item) => item.selected);
  const [one, two] = selected.toSorted((a, b) => startOf(a) - startOf(b));
  if (one !== undefined && two?.track === one.track) {
    add(between(one, two, rate));
    if (endOf(one) === startOf(two)) add(transition(one, two, context.marks, rate));
  }
  if (one === undefined || two !== undefined) {
    for (const track of tracksAt(items, spot)) {
      const row = items.filter((item) => item.track === track).toSorted((a, b) => startOf(a) - startOf(b));
      add(gapAt(row, spot, context.marks, rate));
      add(cutAt(row, spot, context.marks, rate));
    }
  }
  const item = one ?? topmost(items, spot);
  if (item !== undefined) {
    const row = items.filter(({ track, id }) => track === item.track && id !== item.id);
    add(...ofItem(item, row, context, rate));
    const next = row.find((other) => startOf(other) === endOf(item));
    if (next !== undefined) add(transition(item, next, context.marks, rate));
  }
  return found;
}

/** The frames that are meant: the marks, or the frame of the playhead. */
function spotOf(context: HostContext, items: readonly HostItem[]): FrameRange {
  if (context.marks !== undefined && context.marks.frames > 0) return context.marks;
  const selected = items.find((item) => item.selected)?.record;
  return selected ?? range(context.playhead, 1);
}

function tracksAt(items: readonly HostItem[], spot: FrameRange): readonly number[] {
  const tracks = [...new Set(items.map(({ track }) => track))].toSorted((a, b) => a - b);
  // A track whose own clip covers the spot is full there; the others first.
  const full = (track: number): boolean =>
    items.some((item) => item.track === track && startOf(item) <= spot.start && endOf(item) >= end(spot));
  return [...tracks.filter((track) => !full(track)), ...tracks.filter(full)];
}

function topmost(items: readonly HostItem[], spot: FrameRange): HostItem | undefined {
  const there = items.filter((item) => startOf(item) < end(spot) && endOf(item) > spot.start);
  return there.toSorted((a, b) => b.track - a.track)[0];
}

function gapAt(
  row: readonly HostItem[],
  spot: FrameRange,
  marks: FrameRange | undefined,
  rate: Rate,
): Site | undefined {
  const middle = spot.start + Math.floor(spot.frames / 2);
  const before = row.filter((item) => startOf(item) <= spot.start && startOf(item) < middle + 1).at(-1);
  const after = row.find((item) => startOf(item) > (before === undefined ? spot.start : startOf(before)));
  if (before === undefined || after === undefined) return undefined;
  const open = endOf(before) < startOf(after);
  if (open && middle >= endOf(before) && middle < startOf(after) && !reaches(marks, before, after)) {
    return between(before, after, rate);
  }
  // Marks that reach into both clips: what lies between them is bridged anew.
  if (marks === undefined || !reaches(marks, before, after)) return undefined;
  return site(Operation.BRIDGE, before.track, marks, {
    before: until(before, marks.start, rate),
    after: from(after, end(marks), rate),
  });
}

function reaches(marks: FrameRange | undefined, before: HostItem, after: HostItem): boolean {
  return (
    marks !== undefined && marks.start > startOf(before) && marks.start < endOf(before) &&
    end(marks) > startOf(after) && end(marks) < endOf(after)
  );
}

function between(before: HostItem, after: HostItem, rate: Rate): Site | undefined {
  const frames = startOf(after) - endOf(before);
  if (frames <= 0) return undefined;
  return site(Operation.BRIDGE, before.track, range(endOf(before), frames), {
    before: whole(before, rate),
    after: whole(after, rate),
  });
}

function cutAt(
  row: readonly HostItem[],
  spot: FrameRange,
  marks: FrameRange | undefined,
  rate: Rate,
): Site | undefined {
  const after = row.find(
    (item, n) => startOf(item) >= spot.start && startOf(item) <= end(spot) && n > 0,
  );
  const before = row.find((item) => after !== undefined && endOf(item) === startOf(after));
  return before === undefined || after === undefined
    ? undefined
    : transition(before, after, marks, rate);
}

/** Its record has the cut in its middle, so it is even. */
function transition(
  before: HostItem,
  after: HostItem,
  marks: FrameRange | undefined,
  rate: Rate,
): Site {
  const cut = startOf(after);
  const most = Math.min(cut - startOf(before), endOf(after) - cut);
  const asked = marks === undefined ? USUAL_FRAMES / 2 : Math.max(cut - marks.start, end(marks) - cut);
  const half = Math.max(1, Math.min(most, asked));
  return site(Operation.TRANSITION, before.track, range(cut - half, 2 * half), {
    before: whole(before, rate),
    after: whole(after, rate),
  });
}

function ofItem(
  item: HostItem,
  row: readonly HostItem[],
  context: HostContext,
  rate: Rate,
): readonly (Site | undefined)[] {
  const { marks } = context;
  const track = item.track;
  const own = range(startOf(item), endOf(item) - startOf(item));
  const within = marks === undefined ? own : overlap(marks, own);
  if (STILL.test(item.path)) {
    const still = whole(item, rate);
    return [site(Operation.ANIMATE, track, within, { still }), site(Operation.LOOP, track, own, { still })];
  }
  const tail = lengthAfter(endOf(item), marks, Math.min(...row.map(startOf).filter((s) => s >= endOf(item))));
  const headRoom = startOf(item) - Math.max(0, ...row.map(endOf).filter((e) => e <= startOf(item)));
  const head = Math.min(headRoom, USUAL_FRAMES);
  const at = context.playhead >= own.start && context.playhead < end(own) ? context.playhead : own.start;
  return [
    site(Operation.EXTEND, track, range(endOf(item), tail), { before: whole(item, rate) }, Edge.TAIL),
    head > 0
      ? site(Operation.EXTEND, track, range(startOf(item) - head, head), { after: whole(item, rate) }, Edge.HEAD)
      : undefined,
    site(Operation.REPLACE, track, within, { clip: from(item, within.start, rate) }),
    site(Operation.RETIME, track, within, { clip: from(item, within.start, rate) }),
    site(Operation.LOOP, track, own, { still: whole(item, rate) }),
    site(Operation.ANIMATE, track, marks ?? range(at, USUAL_FRAMES), {
      still: from(item, marks?.start ?? at, rate),
    }),
  ];
}

/** To the out mark, else to the next clip, else a second or so. */
function lengthAfter(cut: number, marks: FrameRange | undefined, next: number): number {
  const wanted = marks !== undefined && end(marks) > cut ? end(marks) - cut : USUAL_FRAMES;
  return next > cut ? Math.min(wanted, next - cut) : wanted;
}

function overlap(one: FrameRange, other: FrameRange): FrameRange {
  const start = Math.max(one.start, other.start);
  const frames = Math.min(end(one), end(other)) - start;
  return frames > 0 ? range(start, frames) : other;
}

function site(
  operation: Operation,
  track: number,
  record: FrameRange,
  clips: Partial<Pick<Site, "before" | "after" | "still" | "clip">>,
  edge = Edge.UNSPECIFIED,
): Site {
  return {
    operation, edge, track, record,
    before: clips.before, after: clips.after, still: clips.still, clip: clips.clip,
  };
}

function whole(item: HostItem, rate: Rate): Clip {
  return from(item, startOf(item), rate);
}

/** The clip from a frame of the timeline on. */
function from(item: HostItem, frame: number, rate: Rate): Clip {
  return cut(item, Math.max(frame, startOf(item)), endOf(item), rate);
}

/** The clip up to a frame of the timeline. */
function until(item: HostItem, frame: number, rate: Rate): Clip {
  return cut(item, startOf(item), Math.min(frame, endOf(item)), rate);
}

function cut(item: HostItem, first: number, last: number, rate: Rate): Clip {
  const source = item.source ?? range(0, endOf(item) - startOf(item));
  const own = item.rate ?? rate;
  const speed = item.speed ?? 1;
  const ratio = (own.num * rate.den * Math.abs(speed)) / (own.den * rate.num);
  const skipped = Math.round((first - startOf(item)) * ratio);
  const shown = Math.max(1, Math.round((last - first) * ratio));
  const start = speed < 0 ? source.start + source.frames - skipped - shown : source.start + skipped;
  const uncut = first === startOf(item) && last === endOf(item);
  return create(ClipSchema, {
    name: item.name,
    media: create(FileSchema, { source: { case: "path", value: item.path } }),
    source: uncut ? source : range(Math.max(0, start), shown),
    rate: own,
    ...(item.speed === undefined ? {} : { speed: item.speed }),
  });
}

function startOf(item: HostItem): number {
  return item.record?.start ?? 0;
}

function endOf(item: HostItem): number {
  return item.record === undefined ? 0 : end(item.record);
}

export function range(start: number, frames: number): FrameRange {
  return create(FrameRangeSchema, { start, frames });
}
