/** The clips of the sequence, as they stand: found by place, by name, or by the file they show. */
import type {
  AudioTrack,
  ClipProjectItem,
  ProjectItem,
  VideoClipTrackItem,
  VideoTrack,
} from "@adobe/premierepro";

import { frameOf, type Cut } from "./cut";
import { endOf, overlap, type Range } from "./ticks";

export interface Clip {
  readonly item: VideoClipTrackItem;
  readonly track: number;
  readonly record: Range;
}

/** All video tracks, from the bottom. */
export async function videoTracks({ sequence }: Cut): Promise<readonly VideoTrack[]> {
  const count = await sequence.getVideoTrackCount();
  return Promise.all(Array.from({ length: count }, (_, index) => sequence.getVideoTrack(index)));
}

/** All audio tracks, from the top. */
export async function audioTracks({ sequence }: Cut): Promise<readonly AudioTrack[]> {
  const count = await sequence.getAudioTrackCount();
  return Promise.all(Array.from({ length: count }, (_, index) => sequence.getAudioTrack(index)));
}

/** What stands on a track, of any kind. */
type Standing = Pick<VideoClipTrackItem, "getStartTime" | "getEndTime">;

/**
 * Those of a track's items, in order of time, that touch a range, and one more on either side.
 * A long track is searched by halves: each question to Premiere costs a turn of its loop.
 */
async function around<T extends Standing>(
  cut: Cut,
  items: readonly T[],
  range: Range,
): Promise<readonly (readonly [T, Range])[]> {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && frameOf(await item.getEndTime(), cut.rate) <= range.start) low = middle + 1;
    else high = middle;
  }
  const found: (readonly [T, Range])[] = [];
  for (const item of items.slice(Math.max(0, low - 1))) {
    const record = await recordOf(cut, item);
    found.push([item, record]);
    if (record.start >= endOf(range)) break;
  }
  return found;
}

/** The clips of a track that touch a range, and one more on either side. */
export async function clipsAround(cut: Cut, track: VideoTrack, index: number, range: Range): Promise<readonly Clip[]> {
  const items = track.getTrackItems(cut.premiere.app.Constants.TrackItemType.CLIP, false);
  return (await around(cut, items, range)).map(([item, record]) => ({ item, track: index, record }));
}

/** True: nothing stands there, and no transition reaches in. */
export async function isFree(cut: Cut, track: VideoTrack | AudioTrack, range: Range): Promise<boolean> {
  const { CLIP, TRANSITION } = cut.premiere.app.Constants.TrackItemType;
  for (const kind of [CLIP, TRANSITION]) {
    const near = await around<Standing>(cut, track.getTrackItems(kind, false), range);
    if (near.some(([, record]) => overlap(record, range))) return false;
  }
  return true;
}

/** The lowest track from one on that is free there; the number of tracks if none is: a new one. */
export async function firstFree(
  cut: Cut,
  tracks: readonly (VideoTrack | AudioTrack)[],
  from: number,
  range: Range,
): Promise<number> {
  for (const [index, track] of tracks.entries()) {
    if (index >= from && (await isFree(cut, track, range))) return index;
  }
  return tracks.length;
}

/** Every clip that shows one item of the project. */
export async function clipsOf(cut: Cut, projectItem: string): Promise<readonly Clip[]> {
  const found: Clip[] = [];
  for (const [index, track] of (await videoTracks(cut)).entries()) {
    for (const item of track.getTrackItems(cut.premiere.app.Constants.TrackItemType.CLIP, false)) {
      if ((await sourceOf(item))?.getId() !== projectItem) continue;
      found.push({ item, track: index, record: await recordOf(cut, item) });
    }
  }
  return found;
}

/** The project's item that a clip shows; titles and the like have none. */
export async function sourceOf(item: VideoClipTrackItem): Promise<ProjectItem | undefined> {
  const found = (await item.getProjectItem().catch(() => undefined)) as ProjectItem | null | undefined;
  return found ?? undefined;
}

/** The clip that shows one item of the project and begins at one frame of a track. */
export async function clipAt(cut: Cut, projectItem: string, index: number, start: number): Promise<Clip | undefined> {
  const track = (await videoTracks(cut))[index];
  for (const clip of track ? await clipsAround(cut, track, index, { start, frames: 1 }) : []) {
    if (clip.record.start === start && (await sourceOf(clip.item))?.getId() === projectItem) return clip;
  }
  return undefined;
}

/** An item of the project as one with media. Undefined: it is a sequence, a bin, or has none. */
export async function mediaOf(cut: Cut, item: ProjectItem): Promise<ClipProjectItem | undefined> {
  try {
    const media = cut.premiere.app.ClipProjectItem.cast(item) as ClipProjectItem | null;
    return media && !(await media.isSequence()) ? media : undefined;
  } catch {
    return undefined; // a bin does not let itself be cast
  }
}

/** How a clip is named: by what it shows and where, since Premiere gives it no name of its own. */
export async function idOf(cut: Cut, { item, track, record }: Clip): Promise<string> {
  const source = await sourceOf(item);
  return `${source?.getId() ?? ""}@${track}@${record.start}`;
}

/**
 * The clip of a name. One that was moved is found as long as nothing else shows the same item.
 * Undefined: it is gone, or it cannot be told which one is meant.
 */
export async function clipOf(cut: Cut, id: string): Promise<Clip | undefined> {
  const [start, track, ...name] = id.split("@").reverse();
  const source = name.reverse().join("@");
  if (source === "") return undefined;
  const there = await clipAt(cut, source, Number(track), Number(start));
  if (there !== undefined) return there;
  const clips = await clipsOf(cut, source);
  return clips.length === 1 ? clips[0] : undefined;
}

export async function recordOf(cut: Cut, item: Standing): Promise<Range> {
  const start = frameOf(await item.getStartTime(), cut.rate);
  return { start, frames: frameOf(await item.getEndTime(), cut.rate) - start };
}
