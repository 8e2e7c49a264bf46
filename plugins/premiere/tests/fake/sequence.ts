/** The sequence of the fake Premiere: tracks, clips, markers, and what edits them. */
import type {
  AudioClipTrackItem,
  AudioTrack,
  Guid,
  Marker,
  Markers,
  ProjectItem,
  Properties,
  RectF,
  Sequence,
  SequenceEditor,
  SequenceSettings,
  TickTime,
  TimeDisplay,
  TrackItemSelection,
  VideoClipTrackItem,
  VideoTrack,
} from "@adobe/premierepro";

import { part, type Lock } from "./lock";
import { overwrite, track, type Item, type Track } from "./state";

/** What a Premiere of some version does otherwise. */
export interface Quirks {
  /** False: an index above the tracks places nothing. */
  readonly newTracks: boolean;
  /** False: a clip's file cannot be changed. */
  readonly changePath: boolean;
  /** The number of the sequence's time display: 102 is drop frame. */
  readonly display: number;
}

export interface Sources {
  item(id: string): ProjectItem;
}

let numbers = 1;

/** A clip as it stands; `from` and `to` in frames of the sequence. */
export function clip(source: string, from: bigint, to: bigint, given: Partial<Item> = {}): Item {
  const name = `${source} on the timeline`;
  const plain = { disabled: false, selected: false, speed: 1, kind: "clip" as const };
  return { id: numbers++, source, name, start: from, end: to, in: 0n, ...plain, ...given };
}

export function time(ticks: bigint): TickTime {
  return part<TickTime>({
    ticks: ticks.toString(),
    ticksNumber: Number(ticks),
    seconds: Number(ticks) / 254_016_000_000,
    equals: (other) => BigInt(other.ticks) === ticks,
  });
}

const promised = <T>(value: T): Promise<T> => Promise.resolve(value);

export class FakeSequence {
  readonly guid = part<Guid>({ toString: () => this.id });

  constructor(
    readonly id: string,
    readonly name: string,
    readonly ticksPerFrame: bigint,
    readonly zero: bigint,
    private readonly lock: Lock,
    private readonly sources: Sources,
    private readonly quirks: Quirks,
  ) {}

  as(): Sequence {
    const { state } = this.lock;
    return part<Sequence>({
      name: this.name,
      guid: this.guid,
      getTimebase: () => promised(this.ticksPerFrame.toString()),
      getZeroPoint: () => promised(time(this.zero)),
      getEndTime: () => promised(time(this.end())),
      getInPoint: () => promised(time(state.in)),
      getOutPoint: () => promised(time(state.out)),
      getPlayerPosition: () => promised(time(state.playhead)),
      setPlayerPosition: (position) => {
        state.playhead = BigInt(position?.ticks ?? "0");
        return promised(true);
      },
      getFrameSize: () => promised(part<RectF>({ width: 1920, height: 1080 })),
      getSequenceVideoTimeDisplayFormat: () => promised<TimeDisplay>({ type: this.quirks.display }),
      getSettings: () => promised(part<SequenceSettings>({})),
      getVideoTrackCount: () => promised(state.video.length),
      getAudioTrackCount: () => promised(state.audio.length),
      getVideoTrack: (index) => promised(this.track(index, "video") as unknown as VideoTrack),
      getAudioTrack: (index) => promised(this.track(index, "audio") as unknown as AudioTrack),
      getSelection: () =>
        promised(part<TrackItemSelection>({ getTrackItems: () => promised(this.all().filter(({ selected }) => selected).map((item) => this.item(item.id))) })),
    });
  }

  editor(): SequenceEditor {
    const { lock } = this;
    return part<SequenceEditor>({
      createOverwriteItemAction: (projectItem, at, videoIndex, audioIndex) => {
        const source = lock.state.sources.find(({ id }) => id === projectItem.getId());
        if (source === undefined) throw new Error("that is no item of the project");
        // The marks count as they are when the action is made, not when it is done.
        const { in: from, out: to } = source.marks ?? { in: source.zero, out: source.zero + source.length };
        const start = BigInt(at.ticks);
        return lock.action(() => {
          const made = clip(source.id, start, start + (to - from), { in: from - source.zero, name: source.name });
          this.put("video", videoIndex, made);
          if (source.sound) this.put("audio", audioIndex, { ...made, id: numbers++ });
        });
      },
      createRemoveItemsAction: (selection) => {
        const gone = (selection as unknown as { readonly ids: readonly number[] }).ids;
        return lock.action(() => {
          for (const one of [...lock.state.video, ...lock.state.audio]) {
            one.items = one.items.filter(({ id }) => !gone.includes(id));
          }
        });
      },
    });
  }

  markers(): Markers {
    const { lock } = this;
    return part<Markers>({
      getMarkers: () =>
        lock.state.markers.map((mark) =>
          part<Marker>({
            getName: () => mark.name,
            getComments: () => mark.comments,
            getStart: () => time(mark.start),
            getDuration: () => time(mark.duration),
            getType: () => mark.type,
          }),
        ),
      createAddMarkerAction: (name, type = "Comment", start = time(0n), duration = time(0n), comments = "") =>
        lock.action(() => {
          const [from, long] = [BigInt(start.ticks), BigInt(duration.ticks)];
          lock.state.markers = [...lock.state.markers, { name, type, start: from, duration: long, comments }];
        }),
      createRemoveMarkerAction: (marker) => {
        const [start, comments] = [marker.getStart().ticks, marker.getComments()];
        return lock.action(() => {
          lock.state.markers = lock.state.markers.filter(
            (one) => one.start.toString() !== start || one.comments !== comments,
          );
        });
      },
    });
  }

  properties(): Properties {
    const { lock } = this;
    return part<Properties>({
      hasValue: (name) => name in lock.state.properties,
      getValue: (name) => lock.state.properties[name] ?? "",
      createSetValueAction: (name, value) =>
        lock.action(() => {
          lock.state.properties = { ...lock.state.properties, [name]: String(value) };
        }),
    });
  }

  /** Ids of what was selected for a change, beside what Adobe's type says of a selection. */
  selection(): TrackItemSelection {
    const ids: number[] = [];
    const addItem = (item: VideoClipTrackItem | AudioClipTrackItem): boolean => {
      ids.push((item as unknown as { readonly id: number }).id);
      return true;
    };
    return { ...part<TrackItemSelection>({ addItem }), ids } as TrackItemSelection;
  }

  private all(): readonly Item[] {
    return [...this.lock.state.video, ...this.lock.state.audio].flatMap(({ items }) => items);
  }

  private end(): bigint {
    return this.all().reduce((end, item) => (item.end > end ? item.end : end), 0n);
  }

  private put(kind: "video" | "audio", index: number, item: Item): void {
    const tracks = this.lock.state[kind];
    if (index >= tracks.length) {
      if (!this.quirks.newTracks) return;
      tracks.push(track(`${kind === "video" ? "Video" : "Audio"} ${tracks.length + 1}`));
    }
    const there = tracks[Math.min(index, tracks.length - 1)];
    if (there !== undefined) overwrite(there, item);
  }

  private track(index: number, kind: "video" | "audio") {
    const there = (): Track => {
      const found = this.lock.state[kind][index];
      if (found === undefined) throw new Error(`there is no ${kind} track ${index}`);
      return found;
    };
    return {
      name: there().name,
      isMuted: () => promised(there().muted),
      getTrackItems: (type: number, includeEmpty: boolean): VideoClipTrackItem[] => {
        const { items } = there();
        if (type === 0) return includeEmpty ? gaps(items) : [];
        return items.filter(({ kind: is }) => is === (type === 1 ? "clip" : "transition")).map(({ id }) => this.item(id));
      },
    };
  }

  private item(id: number): VideoClipTrackItem {
    const get = (): Item => {
      const found = this.all().find((one) => one.id === id);
      if (found === undefined) throw new Error("the clip is gone");
      return found;
    };
    const { lock } = this;
    const made = part<VideoClipTrackItem>({
      getName: () => promised(get().name),
      getIsSelected: () => promised(get().selected),
      getSpeed: () => promised(get().speed),
      getStartTime: () => promised(time(get().start)),
      getEndTime: () => promised(time(get().end)),
      getInPoint: () => promised(time(get().in)),
      getOutPoint: () => promised(time(get().in + get().end - get().start)),
      isDisabled: () => promised(get().disabled),
      getProjectItem: () => promised(this.sources.item(get().source)),
      createSetDisabledAction: (disabled) =>
        lock.action(() => {
          get().disabled = disabled;
        }),
      createSetNameAction: (name) =>
        lock.action(() => {
          get().name = name;
        }),
    });
    return { ...made, id } as VideoClipTrackItem;
  }
}

/** Gaps are items too, of a kind of their own. */
function gaps(items: readonly Item[]): VideoClipTrackItem[] {
  const found: VideoClipTrackItem[] = [];
  let at = 0n;
  for (const { start, end } of items) {
    const from = at;
    if (start > from) {
      found.push(part<VideoClipTrackItem>({ getStartTime: () => promised(time(from)), getEndTime: () => promised(time(start)) }));
    }
    at = end;
  }
  return found;
}
