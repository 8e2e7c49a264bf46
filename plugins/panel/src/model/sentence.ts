/** What will be made and what will be done with it, each in one sentence, before the click. */
import { PlaceMode } from "../proto/secondunit/v1/shots_pb";
import { Edge, Operation } from "../proto/secondunit/v1/units_pb";
import type { HostContext } from "../proto/secondunit/v1/hosts_pb";
import type { Site } from "./site";
import { end, framesWords, nameOf, rateWords, timecode, trackWords } from "./words";

/** `Bridge 24 frames between A014 and A015 on V1, 23.976`. */
export function sentenceOf(site: Site, context: HostContext): string {
  const frames = framesWords(site.record.frames);
  const where = `on ${trackWords(site.track)}, ${rateWords(context.rate)}`;
  const [before, after] = [site.before?.name ?? "", site.after?.name ?? ""];
  switch (site.operation) {
    case Operation.BRIDGE:
      return `Bridge ${frames} between ${before} and ${after} ${where}`;
    case Operation.TRANSITION:
      return `Transition of ${frames} from ${before} to ${after} ${where}`;
    case Operation.EXTEND:
      return site.edge === Edge.HEAD
        ? `Extend ${after} by ${frames} at its head ${where}`
        : `Extend ${before} by ${frames} at its tail ${where}`;
    case Operation.ANIMATE:
      return `Animate ${site.still?.name ?? ""} for ${frames} ${where}`;
    case Operation.LOOP:
      return `Loop ${frames} of ${site.still?.name ?? ""} ${where}`;
    case Operation.REPLACE:
      return `Replace in ${frames} of ${site.clip?.name ?? ""} ${where}`;
    case Operation.RETIME:
      return `Retime ${frames} of ${site.clip?.name ?? ""} ${where}`;
    default:
      return `${nameOf(site.operation)} ${frames} ${where}`;
  }
}

/** Where the clip would be put. */
export interface Target {
  /** Index of the video track, from 0 at the bottom; the number of tracks for a new one. */
  readonly track: number;
  readonly name: string;
  readonly fresh: boolean;
}

/** The track that the clip goes to: nothing that stands there is covered, no lock is touched. */
export function targetOf(site: Site, mode: PlaceMode, context: HostContext): Target {
  const replaces = site.operation === Operation.BRIDGE || site.operation === Operation.EXTEND;
  const own = mode === PlaceMode.REPLACE || (mode === PlaceMode.UNSPECIFIED && replaces);
  if (mode !== PlaceMode.NEW_TRACK) {
    for (let track = own ? site.track : site.track + 1; track < context.tracks.length; track += 1) {
      const found = context.tracks.find(({ index }) => index === track);
      if (found === undefined || found.locked || !isFree(track, site, context)) continue;
      return { track, name: found.name, fresh: false };
    }
  }
  return { track: context.tracks.length, name: "Second Unit", fresh: true };
}

function isFree(track: number, site: Site, context: HostContext): boolean {
  return !context.items.some(
    ({ track: on, record }) =>
      on === track && record !== undefined &&
      record.start < end(site.record) && end(record) > site.record.start,
  );
}

/** What placing does, and what it leaves alone. */
export function importOf(site: Site, mode: PlaceMode, context: HostContext): string {
  const target = targetOf(site, mode, context);
  const frames = framesWords(site.record.frames);
  const rate = context.rate;
  const at = rate === undefined ? "" : ` at ${timecode(site.record.start, rate, context.startTimecode)}`;
  const on = target.fresh
    ? `a new track, ${trackWords(target.track)}`
    : target.track === site.track
      ? `${trackWords(target.track)}, in the empty place`
      : trackWords(target.track);
  const locked = context.tracks.some(({ index, locked: is }) => is && index === site.track);
  const why = locked && target.track !== site.track ? ` ${trackWords(site.track)} is locked.` : "";
  return `Puts ${frames}${at} on ${on}. Nothing else is moved or covered.${why}`;
}
