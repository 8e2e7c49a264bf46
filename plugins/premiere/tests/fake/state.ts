/** A project of Premiere as plain data, so that undo is a copy of it. */

export const SECOND = 254_016_000_000n;

export interface Bin {
  readonly id: string;
  readonly name: string;
}

/** A file in the project. Times are ticks. */
export interface Source {
  readonly id: string;
  name: string;
  readonly bin: string;
  path: string;
  readonly length: bigint;
  readonly rate: number;
  /** Where the file's clock begins; this fake's marks count from there. */
  readonly zero: bigint;
  readonly sound: boolean;
  marks?: { readonly in: bigint; readonly out: bigint };
}

export interface Item {
  readonly id: number;
  readonly source: string;
  readonly kind: "clip" | "transition";
  name: string;
  start: bigint;
  end: bigint;
  in: bigint;
  disabled: boolean;
  selected: boolean;
  readonly speed: number;
}

export interface Track {
  readonly name: string;
  muted: boolean;
  locked: boolean;
  items: Item[];
}

export interface Mark {
  readonly name: string;
  readonly type: string;
  readonly start: bigint;
  readonly duration: bigint;
  readonly comments: string;
}

export interface State {
  bins: Bin[];
  sources: Source[];
  video: Track[];
  audio: Track[];
  markers: Mark[];
  properties: Record<string, string>;
  in: bigint;
  out: bigint;
  playhead: bigint;
}

/** Puts a clip on a track as an overwrite edit does: what stands there is cut or gone. */
export function overwrite(track: Track, item: Item): void {
  if (track.locked) return;
  const kept = track.items.flatMap((other): Item[] => {
    if (other.end <= item.start || other.start >= item.end) return [other];
    const head = { ...other, end: item.start };
    const tail = { ...other, id: other.id + 1_000_000, in: other.in + (item.end - other.start), start: item.end };
    return [head, tail].filter(({ start, end }) => end > start);
  });
  track.items = [...kept, item].sort((one, other) => Number(one.start - other.start));
}

export function track(name: string, items: Item[] = []): Track {
  return { name, muted: false, locked: false, items };
}
