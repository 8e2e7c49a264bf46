/** A Premiere that lives in memory, with the quirks that are known of it. */
import type {
  ClipProjectItem,
  FolderItem,
  FootageInterpretation,
  premierepro,
  Project,
  ProjectItem,
  Sequence,
} from "@adobe/premierepro";

import type { Premiere } from "../../src/host";
import { Lock, part } from "./lock";
import { FakeSequence, time, type Quirks } from "./sequence";
import { SECOND, track, type Source, type State } from "./state";

type Events = Map<string, Set<(event?: object) => void>>;

/** A file on the fake's disk. */
export interface Footage {
  readonly frames: number;
  readonly ticksPerFrame: bigint;
  readonly rate: number;
  /** Frame that its clock begins with. */
  readonly first?: number;
  readonly sound?: boolean;
}

export const PAL = 10_160_640_000n;
export const FILM = 10_594_584_000n;

const promised = <T>(value: T): Promise<T> => Promise.resolve(value);
const TYPES = { clip: 1, bin: 2, root: 3 };

export class FakePremiere {
  readonly state: State = {
    bins: [],
    sources: [],
    video: [track("Video 1"), track("Video 2")],
    audio: [track("Audio 1")],
    markers: [],
    properties: {},
    in: -400_000n * SECOND,
    out: -400_000n * SECOND,
    playhead: 0n,
  };
  readonly lock = new Lock(this.state);
  readonly disk = new Map<string, Footage>();
  /** Paths that were shown in the Source Monitor. */
  readonly shown: string[] = [];
  /** Names under which importFiles was called, call by call. */
  readonly imports: (readonly string[])[] = [];
  readonly events: Events = new Map();
  sequence: FakeSequence | undefined;
  version = "26.3.0";
  /** Milliseconds that it takes to write a frame. */
  slow = 0;
  /** Of the version: 26.2 brought OTIO. */
  otio = true;
  #numbers = 1;

  constructor(
    readonly ticksPerFrame: bigint = PAL,
    private readonly quirks: Quirks = { newTracks: true, changePath: true, display: 101 },
    zero = 0n,
  ) {
    this.sequence = new FakeSequence("seq-1", "Reel 1", ticksPerFrame, zero, this.lock, this.sources, quirks);
  }

  private readonly sources = { item: (id: string) => this.projectItem(id) };

  /** What a verb is given. */
  get premiere(): Premiere {
    return {
      app: this.app(),
      version: this.version,
      exists: (path) => promised(this.disk.has(path)),
    };
  }

  /** A file of the project that the editor has, outside of our bin. */
  footage(path: string, given: Footage): string {
    this.disk.set(path, given);
    return this.add(path, "root", path);
  }

  fire(name: string): void {
    for (const hear of this.events.get(name) ?? []) hear({});
  }

  private add(path: string, bin: string, name: string): string {
    const footage = this.disk.get(path);
    if (footage === undefined) return "";
    const id = `item-${this.#numbers++}`;
    const { frames, ticksPerFrame, rate, first = 0, sound = false } = footage;
    const [length, zero] = [BigInt(frames) * ticksPerFrame, BigInt(first) * ticksPerFrame];
    this.state.sources.push({ id, name: name.replace(/^.*[\\/]/, ""), bin, path, length, rate, zero, sound });
    return id;
  }

  private source(id: string): Source {
    const found = this.state.sources.find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no item ${id}`);
    return found;
  }

  private projectItem(id: string): ProjectItem {
    const { name } = this.source(id);
    return part<ProjectItem>({
      type: TYPES.clip,
      name,
      getId: () => id,
      createSetNameAction: (given) =>
        this.lock.action(() => {
          this.source(id).name = given;
        }),
    });
  }

  private clip(id: string): ClipProjectItem {
    const { lock } = this;
    const get = (): Source => this.source(id);
    return part<ClipProjectItem>({
      name: get().name,
      isSequence: () => promised(false),
      getMediaFilePath: () => promised(get().path),
      getFootageInterpretation: () => promised(part<FootageInterpretation>({ getFrameRate: () => get().rate })),
      getInPoint: () => promised(time(get().marks?.in ?? get().zero)),
      canChangeMediaPath: () => promised(this.quirks.changePath),
      // Not undoable, as Adobe's types say.
      changeMediaFilePath: (path) => {
        if (!this.disk.has(path)) return promised(false);
        get().path = path;
        return promised(true);
      },
      createSetInOutPointsAction: (from, to) => {
        const marks = { in: BigInt(from.ticks), out: BigInt(to.ticks) };
        return lock.action(() => {
          get().marks = marks;
        });
      },
      createClearInOutPointsAction: () =>
        lock.action(() => {
          delete get().marks;
        }),
    });
  }

  private folder(id: string): FolderItem {
    const { state, lock } = this;
    return part<FolderItem>({
      type: id === "root" ? TYPES.root : TYPES.bin,
      name: state.bins.find((one) => one.id === id)?.name ?? "Root",
      getItems: () =>
        promised([
          ...state.bins.filter(() => id === "root").map((bin) => part<ProjectItem>({ type: TYPES.bin, name: bin.name, getId: () => bin.id })),
          ...state.sources.filter(({ bin }) => bin === id).map((one) => this.projectItem(one.id)),
        ]),
      createBinAction: (name) =>
        lock.action(() => {
          state.bins = [...state.bins, { id: `bin-${this.#numbers++}`, name }];
        }),
    });
  }

  private project(): Project {
    return part<Project>({
      name: "Film.prproj",
      path: "/project/Film.prproj",
      getActiveSequence: () => promised((this.sequence?.as() ?? null) as Sequence),
      getRootItem: () => promised(this.folder("root")),
      importFiles: (paths, _suppress, target) => {
        this.imports.push(paths);
        const bin = (target as unknown as { readonly folder?: string } | undefined)?.folder ?? "root";
        const taken = paths.filter((path) => this.add(path, bin, path) !== "");
        return promised(taken.length === paths.length);
      },
      lockedAccess: this.lock.lockedAccess,
      executeTransaction: this.lock.executeTransaction,
    });
  }

  private app(): premierepro {
    const app: Partial<Record<keyof premierepro, object>> = {
      Project: { getActiveProject: () => promised(this.project()) },
      ProjectItem: {
        TYPE_BIN: TYPES.bin,
        cast: (folder: FolderItem) => ({ folder: this.state.bins.find(({ name }) => name === folder.name)?.id }),
      },
      FolderItem: { cast: (item: ProjectItem) => this.folder(item.getId()) },
      ClipProjectItem: {
        cast: (item: ProjectItem) => {
          if (item.type === TYPES.bin) throw new Error("a bin is no clip");
          return this.clip(item.getId());
        },
      },
      TickTime: { createWithTicks: (ticks: string) => time(BigInt(ticks)) },
      SequenceEditor: { getEditor: () => this.sequence?.editor() },
      Markers: { getMarkers: () => promised(this.sequence?.markers()) },
      Marker: { MARKER_TYPE_COMMENT: "Comment" },
      Properties: { getProperties: () => promised(this.sequence?.properties()) },
      TrackItemSelection: {
        createEmptySelection: (use: (selection: object) => void) => {
          if (this.sequence) use(this.sequence.selection());
          return true;
        },
      },
      Exporter: {
        exportSequenceFrame: async (_sequence: Sequence, _at: object, name: string, folder: string) => {
          if (this.slow > 0) await new Promise((resolve) => setTimeout(resolve, this.slow));
          const suffix = name.slice(name.lastIndexOf("."));
          this.disk.set(`${folder}/${name}${suffix}`, { frames: 1, ticksPerFrame: PAL, rate: 25 });
          return true;
        },
      },
      SourceMonitor: {
        openFilePath: (path: string) => {
          this.shown.push(path);
          return promised(true);
        },
      },
      EventManager: {
        addGlobalEventListener: (name: string, hear: () => void) => {
          this.events.set(name, (this.events.get(name) ?? new Set()).add(hear));
        },
        removeGlobalEventListener: (name: string, hear: () => void) => this.events.get(name)?.delete(hear),
      },
      Constants: {
        TrackItemType: { EMPTY: 0, CLIP: 1, TRANSITION: 2 },
        MediaType: { ANY: 0, DATA: 1, VIDEO: 2, AUDIO: 3 },
        PropertyType: { PERSISTENT: 1, NON_PERSISTENT: 0 },
        VideoDisplayFormatType: { FPS_25: 101, FPS_29_97: 102, FPS_29_97_NON_DROP: 103 },
        SequenceEvent: { ACTIVATED: "activated", CLOSED: "closed", SELECTION_CHANGED: "selection" },
        ProjectEvent: { ACTIVATED: "project", DIRTY: "dirty" },
      },
    };
    if (this.otio) {
      app.ProjectConverter = {
        exportAsOpenTimelineIO: (_sequence: Sequence, path: string) => {
          this.disk.set(path, { frames: 1, ticksPerFrame: PAL, rate: 25 });
          return promised(true);
        },
      };
    }
    return app as unknown as premierepro;
  }
}
