/** What the editor is looking at. */
import type { Marker, VideoTrack } from "@adobe/premierepro";
import { create } from "@bufbuild/protobuf";

import {
  HostContextSchema,
  HostItemSchema,
  HostMarkerSchema,
  HostTrackSchema,
  type GetContext,
  type HostContext,
  type HostItem,
  type HostMarker,
} from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { clipsAround, idOf, mediaOf, recordOf, sourceOf, videoTracks, type Clip } from "../clips";
import { frameOf, openCut, type Cut } from "../cut";
import type { Premiere } from "../host";
import { endOf, rangeOf, rateOfNumber, timecodeOf, type Range } from "../ticks";

const AROUND = 1500;
/** Numbers of Premiere's time displays that leave numbers out: 29.97 and 59.94 drop frame. */
const DROP = [102, 106];
/** The same and others, all that are known: what is none of them is told to the editor. */
const KNOWN = Array.from({ length: 14 }, (_, index) => 100 + index);
const OURS = /^\s*(gen|id)\s*:/m;

export async function getContext(premiere: Premiere, ask: Pick<GetContext, "around">): Promise<HostContext> {
  const cut = await openCut(premiere);
  const { sequence, project, rate, id } = cut;
  const around = ask.around > 0 ? ask.around : AROUND;
  const frames = Math.max(0, frameOf(await sequence.getEndTime(), rate));
  const playhead = frameOf(await sequence.getPlayerPosition(), rate);
  const marks = await marksOf(cut, frames);
  const selection = await selectionOf(cut);
  const tracks = await videoTracks(cut);
  const near = widened([{ start: playhead, frames: 1 }, ...(marks ? [marks] : []), ...selection], around);
  const lists = await Promise.all(tracks.map((track, index) => clipsAround(cut, track, index, near)));
  const size = await sequence.getFrameSize();
  const zero = frameOf(await sequence.getZeroPoint(), rate);
  const { drop, notice } = await displayOf(cut);
  return create(HostContextSchema, {
    project: project.name,
    timeline: sequence.name,
    timelineId: id,
    rate,
    size: { width: size.width, height: size.height },
    startTimecode: timecodeOf(Math.max(0, zero), rate, drop),
    frames,
    ...(marks && { marks }),
    playhead,
    tracks: await Promise.all(tracks.map(trackOf)),
    items: await Promise.all(lists.flat().map((clip) => itemOf(cut, clip))),
    markers: await markersOf(cut),
    notices: notice === "" ? [] : [notice],
  });
}

/** In and out. Undefined: neither is set, or they hold the whole sequence, which is the same. */
export async function marksOf({ sequence, rate }: Cut, frames: number): Promise<Range | undefined> {
  const [from, to] = [await sequence.getInPoint(), await sequence.getOutPoint()];
  const [first, end] = [BigInt(from.ticks), BigInt(to.ticks)];
  if (end <= first || end <= 0n) return undefined;
  const marks = rangeOf(first < 0n ? 0n : first, end, rate);
  return marks.frames <= 0 || (marks.start === 0 && marks.frames >= frames) ? undefined : marks;
}

async function selectionOf(cut: Cut): Promise<readonly Range[]> {
  const items = await (await cut.sequence.getSelection()).getTrackItems();
  return Promise.all(items.map((item) => recordOf(cut, item)));
}

function widened(ranges: readonly Range[], by: number): Range {
  const start = Math.max(0, Math.min(...ranges.map((range) => range.start)) - by);
  return { start, frames: Math.max(...ranges.map(endOf)) + by - start };
}

async function trackOf(track: VideoTrack, index: number) {
  // Whether it is locked is not told; `hello` says so.
  const enabled = !(await track.isMuted());
  return create(HostTrackSchema, { index, name: track.name, locked: false, enabled });
}

async function itemOf(cut: Cut, clip: Clip): Promise<HostItem> {
  const { item, track, record } = clip;
  const source = await sourceOf(item);
  const media = source && (await mediaOf(cut, source));
  const path = media ? await media.getMediaFilePath().catch(() => "") : "";
  const footage = await media?.getFootageInterpretation().catch(() => undefined);
  const rate = footage && rateOfNumber(footage.getFrameRate());
  const pace = rate ?? cut.rate;
  const [from, to] = [await item.getInPoint(), await item.getOutPoint()];
  const speed = await item.getSpeed();
  return create(HostItemSchema, {
    id: await idOf(cut, clip),
    name: await item.getName(),
    track,
    record,
    source: rangeOf(BigInt(from.ticks), BigInt(to.ticks), pace),
    path,
    ...(rate && { rate }),
    ...(speed !== 1 && { speed }),
    selected: await item.getIsSelected(),
    disabled: await item.isDisabled(),
  });
}

async function markersOf(cut: Cut): Promise<HostMarker[]> {
  const markers = await cut.premiere.app.Markers.getMarkers(cut.sequence);
  const text = (marker: Marker): string => `${marker.getName()}\n${marker.getComments()}`;
  return markers
    .getMarkers()
    .filter((marker) => OURS.test(text(marker)))
    .map((marker) => {
      const [start, length] = [marker.getStart(), marker.getDuration()].map(({ ticks }) => BigInt(ticks));
      const record = rangeOf(start ?? 0n, (start ?? 0n) + (length ?? 0n), cut.rate);
      return create(HostMarkerSchema, { record, name: marker.getName(), note: marker.getComments() });
    });
}

async function displayOf({ premiere, sequence, rate }: Cut): Promise<{ drop: boolean; notice: string }> {
  const { type } = await sequence.getSequenceVideoTimeDisplayFormat();
  const { FPS_29_97 } = premiere.app.Constants.VideoDisplayFormatType;
  const drop = rate.den === 1001 && (DROP.includes(type) || type === (FPS_29_97 as number));
  if (drop || KNOWN.includes(type)) return { drop, notice: "" };
  const named = Object.values(premiere.app.Constants.VideoDisplayFormatType).includes(type);
  const notice =
    "Premiere shows this sequence's time in a way that is not known here; its start timecode was " +
    "read as if no numbers were left out.";
  return { drop, notice: named ? "" : notice };
}
