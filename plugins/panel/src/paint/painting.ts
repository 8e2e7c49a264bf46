/** The painting of one frame: what is drawn, the tool in hand, what was done, what is kept. */
import { effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type { File, Size } from "../proto/secondunit/v1/units_pb";
import { line, polygon, reach, boundsOf, type Brush, type Place } from "./brush";
import type { Move, XY } from "./camera";
import type { Carrying } from "./camerabox";
import { maskFrom } from "./canvas";
import {
  controlsOf, drawingOf, keyOf, layer, maskOf, NOTHING, regionsOf, type Controls, type Drawing,
  type Kind, type Layer,
} from "./drawing";
import { png } from "./png";
import { feather, fill, invert, joined, raster, whole, type Box, type Raster } from "./raster";
import { pointsOf, type Sample, type Timing } from "./strokes";
import { exchange, past, recorder, type Recorder } from "./undo";

export const TOOLS = ["brush", "erase", "polygon", "stroke", "ambient", "camera", "hand"] as const;
export type Tool = (typeof TOOLS)[number];

/** Keeps painted pictures; they outlive the page. */
export interface Store {
  put(picture: Blob): Promise<File>;
  get(file: File): Promise<Blob>;
}

/** What a painting is of, and where it goes. */
export interface Subject {
  /** Of the shot, pixels; undefined: not known yet. */
  readonly size: ReadonlySignal<Pick<Size, "width" | "height"> | undefined>;
  /** That the cut will show. */
  readonly frames: ReadonlySignal<number>;
  readonly controls: ReadonlySignal<Controls>;
  readonly edit: (controls: Controls) => void;
  readonly store: Store;
  /** Reads a mask at a size. */
  readonly read?: (file: Blob, width: number, height: number) => Promise<Raster>;
}

export interface Handle {
  /** Of the picture's width. */
  readonly radius: number;
  readonly hardness: number;
  readonly level: number;
}

/** Pixels of a mask that have changed since one of its revisions. */
export interface Touched {
  readonly mask: Raster;
  readonly box: Box;
  readonly since: number;
}

export type Wash = "fill" | "clear" | "invert" | "feather";

const QUIET_MILLISECONDS = 350;
const AGAIN_MILLISECONDS = 3000;
const ONE_GESTURE_MILLISECONDS = 900;
/** Fractions of the picture: a pointer that goes no further has drawn no way. */
const TAP = 0.008;
export const LEAST_RADIUS = 0.002;
export const MOST_RADIUS = 0.3;

export type Painting = ReturnType<typeof painting>;

export function painting(subject: Subject) {
  const { size, frames, controls, edit, store, read = maskFrom } = subject;
  const drawing = signal<Drawing>(NOTHING);
  const chosen = signal(0);
  const tool: Signal<Tool> = signal("brush");
  const handle = signal<Handle>({ radius: 0.04, hardness: 1, level: 1 });
  const softness = signal(0.02);
  const timing: Signal<Timing> = signal("even");
  const carrying: Signal<Carrying> = signal("travel");
  const camera = signal(0);
  /** Corners of a polygon that is not closed, or places of a way that is being drawn. */
  const sketched = signal<readonly Sample[]>([]);
  const touched = signal<Touched | undefined>(undefined);
  const standing = signal<"reading" | "kept" | "keeping" | "waiting">("kept");
  const trouble = signal("");
  const can = signal({ undo: false, redo: false });

  const done = past<Drawing>();
  const files = new WeakMap<Raster, { readonly revision: number; readonly file: File }>();
  let gesture = { tag: "", at: 0 };
  let known = keyOf({ mask: undefined, strokes: [], ambients: [], cameras: [] });
  let shown = "";
  let open: { recorder: Recorder; before: Drawing; last: Place; erase: boolean; since: number; box: Box | undefined } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let reading = 0;

  const pixels = (): Pick<Size, "width" | "height"> => size.peek() ?? { width: 0, height: 0 };
  const ready = (): boolean => size.peek() !== undefined && standing.peek() !== "reading";
  const picked = (): Layer | undefined => drawing.peek().layers.find(({ id }) => id === chosen.peek());

  const told = (): void => {
    can.value = { undo: done.depth > 0, redo: done.ahead > 0 };
    later(QUIET_MILLISECONDS);
  };

  const commit = (after: Drawing, tag = "", patch?: Recorder["patch"]): void => {
    const before = drawing.peek();
    const now = Date.now();
    const same = tag !== "" && tag === gesture.tag && now - gesture.at < ONE_GESTURE_MILLISECONDS;
    gesture = { tag, at: now };
    if (same && patch === undefined) done.amend(after);
    else done.push({ before, after, ...(patch === undefined ? {} : { patch }) });
    drawing.value = after;
    told();
  };

  const replaced = (id: number, change: Partial<Layer>): Drawing => ({
    ...drawing.peek(),
    layers: drawing.peek().layers.map((one) => (one.id === id ? { ...one, ...change } : one)),
  });

  /** The layer that paint goes to, with a region to paint in; it may be new, and is not yet drawn. */
  const target = (kind: Kind | undefined): { readonly layer: Layer; readonly region: Raster } => {
    const { width, height } = pixels();
    const now = picked();
    const fits = now !== undefined && (kind === undefined || now.kind === kind);
    const found = fits
      ? now
      : drawing.peek().layers.findLast((one) => one.kind === (kind ?? "mask"));
    const region = found?.region ?? raster(width, height);
    return { layer: { ...(found ?? layer(kind ?? "mask")), region }, region };
  };

  const withLayer = (base: Drawing, added: Layer): Drawing => {
    const there = base.layers.some(({ id }) => id === added.id);
    if (there) {
      return { ...base, layers: base.layers.map((one) => (one.id === added.id ? added : one)) };
    }
    const mask = added.kind === "mask";
    return { ...base, layers: mask ? [added, ...base.layers] : [...base.layers, added] };
  };

  const brush = (): Brush => {
    const { radius, hardness, level } = handle.peek();
    return { radius: Math.max(0.5, radius * pixels().width), hardness, level };
  };
  const placed = ({ x, y }: XY, pressure: number): Place => {
    const { width, height } = pixels();
    return { x: x * width, y: y * height, pressure };
  };

  /** Puts the brush down; paint goes to the chosen layer, or to an ambient one. */
  const press = (at: XY, pressure: number, kind: Kind | undefined, erase: boolean): void => {
    if (!ready()) return;
    const { layer: one, region } = target(kind);
    const before = drawing.peek();
    drawing.value = withLayer(before, one);
    chosen.value = one.id;
    const last = placed(at, pressure);
    open = { recorder: recorder(region), before, last, erase, since: region.revision, box: undefined };
    drag(at, pressure);
  };
  const drag = (at: XY, pressure: number): void => {
    if (open === undefined) return;
    const { recorder: record, last, erase } = open;
    const { mask } = record.patch;
    const next = placed(at, pressure);
    const box = reach(brush(), last, next);
    record.touch(box);
    line(mask, brush(), last, next, erase);
    open.last = next;
    open.box = joined(open.box, box);
    touched.value = { mask, box: open.box, since: open.since };
  };
  const lift = (): void => {
    if (open === undefined) return;
    const { recorder: { patch }, before } = open;
    open = undefined;
    gesture = { tag: "", at: 0 };
    done.push({ before, after: drawing.peek(), patch });
    drawing.value = { ...drawing.peek() };
    told();
  };

  /** Takes the brush away without a trace: it was no painting but a second finger. */
  const cancel = (): void => {
    sketched.value = [];
    if (open === undefined) return;
    const { recorder: { patch }, before } = open;
    open = undefined;
    exchange(patch);
    drawing.value = { ...before };
    touched.value = undefined;
  };

  /** Does something to all of a region that keeps its shape and its size. */
  const change = (one: Layer, region: Raster, box: Box, doing: () => void): void => {
    const record = recorder(region);
    record.touch(box);
    doing();
    chosen.value = one.id;
    commit(withLayer(drawing.peek(), one), "", record.patch);
    touched.value = undefined;
  };
  const wash = (how: Wash): void => {
    if (!ready()) return;
    const { layer: one, region } = target(undefined);
    change(one, region, whole(region), () => {
      if (how === "invert") invert(region);
      else if (how === "feather") feather(region, softness.peek() * region.width);
      else fill(region, how === "fill" ? 255 : 0);
    });
  };
  const close = (erase = false): void => {
    const corners = sketched.peek().map((at) => placed(at, 1));
    sketched.value = [];
    if (!ready() || corners.length < 3) return;
    const { layer: one, region } = target(undefined);
    const box = boundsOf(corners);
    change(one, region, box, () => polygon(region, corners, handle.peek().level, erase));
  };

  /** The way that was drawn: of the chosen stroke, else of a new one that takes what it begins on. */
  const go = (): void => {
    const drawn = sketched.peek();
    sketched.value = [];
    const { width, height } = pixels();
    const [first] = drawn;
    const far = drawn.some((at) => first !== undefined && Math.hypot(at.x - first.x, at.y - first.y) > TAP);
    if (!ready() || first === undefined || !far) return;
    const points = pointsOf(drawn, timing.peek(), height / Math.max(1, width));
    const now = picked();
    if (now?.kind === "stroke") {
      commit(replaced(now.id, { points }));
      return;
    }
    const region = raster(width, height);
    const at = placed(first, 1);
    line(region, { ...brush(), level: 1 }, at, at);
    const made = layer("stroke", { region, points });
    chosen.value = made.id;
    commit(withLayer(drawing.peek(), made));
  };

  const add = (kind: Kind): void => {
    if (!ready()) return;
    if (kind === "mask" && maskOf(drawing.peek()) !== undefined) return;
    const { width, height } = pixels();
    const made = layer(kind, { region: raster(width, height) });
    chosen.value = made.id;
    commit(withLayer(drawing.peek(), made));
  };
  const drop = (id: number): void => {
    const now = drawing.peek();
    if (chosen.peek() === id) chosen.value = 0;
    commit({ ...now, layers: now.layers.filter((one) => one.id !== id) });
  };
  /** Changes of one kind that follow each other quickly are one step back. */
  const set = (id: number, patch: Partial<Omit<Layer, "id" | "kind">>, tag: string): void => {
    commit(replaced(id, patch), `${tag}:${id}`);
  };
  /** A region of its own, or none: then it moves where the mask is white. */
  const own = (id: number, wanted: boolean): void => {
    const { width, height } = pixels();
    commit(replaced(id, { region: wanted ? raster(width, height) : undefined }));
  };
  const film = (cameras: readonly Move[], tag: string): void => {
    if (ready()) commit({ ...drawing.peek(), cameras }, tag);
  };

  const back = (found: Drawing | undefined): void => {
    gesture = { tag: "", at: 0 };
    sketched.value = [];
    if (found === undefined) return;
    drawing.value = { ...found };
    if (!found.layers.some(({ id }) => id === chosen.peek())) chosen.value = found.layers.at(-1)?.id ?? 0;
    touched.value = undefined;
    told();
  };

  const later = (wait: number): void => {
    clearTimeout(timer);
    standing.value = standing.peek() === "waiting" ? "waiting" : "keeping";
    timer = setTimeout(() => void keep(), wait);
  };
  const keep = async (): Promise<void> => {
    if (busy) {
      later(QUIET_MILLISECONDS);
      return;
    }
    busy = true;
    try {
      const now = drawing.peek();
      const revisions = new Map<Raster, number>();
      for (const region of regionsOf(now)) {
        const { revision } = region;
        revisions.set(region, revision);
        if (files.get(region)?.revision === revision) continue;
        files.set(region, { revision, file: await store.put(await png(region)) });
      }
      const newer = drawing.peek() !== now || [...revisions].some(([r, n]) => r.revision !== n);
      if (newer) {
        later(QUIET_MILLISECONDS);
        return;
      }
      const made = controlsOf(now, fileOf);
      known = keyOf(made);
      edit(made);
      standing.value = "kept";
      trouble.value = "";
    } catch (error) {
      // Nothing that was painted is lost: it is here until the server is back.
      trouble.value = error instanceof Error ? error.message : String(error);
      standing.value = "waiting";
      later(AGAIN_MILLISECONDS);
    } finally {
      busy = false;
    }
  };
  const fileOf = (region: Raster): File => {
    const found = files.get(region);
    if (found === undefined) throw new Error("a region was not kept");
    return found.file;
  };

  const load = async (given: Controls, at: Pick<Size, "width" | "height">): Promise<void> => {
    const turn = (reading += 1);
    clearTimeout(timer);
    standing.value = "reading";
    try {
      const found = await drawingOf(given, async (file) => {
        const region = await read(await store.get(file), at.width, at.height);
        files.set(region, { revision: region.revision, file });
        return region;
      });
      if (turn !== reading) return;
      done.clear();
      sketched.value = [];
      drawing.value = found;
      chosen.value = found.layers[0]?.id ?? 0;
      can.value = { undo: false, redo: false };
      standing.value = "kept";
      trouble.value = "";
    } catch (error) {
      if (turn !== reading) return;
      trouble.value = error instanceof Error ? error.message : String(error);
      timer = setTimeout(() => {
        if (turn === reading) void load(given, at);
      }, AGAIN_MILLISECONDS);
    }
  };
  /** Lets go of what cannot be read, and begins with nothing. */
  const anew = (): void => {
    reading += 1;
    clearTimeout(timer);
    standing.value = "kept";
    trouble.value = "";
    done.clear();
    chosen.value = 0;
    commit(NOTHING);
  };

  /** Reads what the controls say, and keeps what is drawn, until it is stopped. */
  const start = (): (() => void) => {
    if (standing.peek() === "keeping" || standing.peek() === "waiting") later(QUIET_MILLISECONDS);
    const stop = effect(() => {
      const [at, given] = [size.value, controls.value];
      if (at === undefined) return;
      const key = keyOf(given);
      const shape = `${at.width}x${at.height}`;
      if (key === known && shape === shown) return;
      [known, shown] = [key, shape];
      void load(given, at);
    });
    return () => {
      stop();
      reading += 1;
      clearTimeout(timer);
      if (standing.peek() === "reading") shown = ""; // read again when it is started again
      if (standing.peek() === "keeping") void keep();
    };
  };

  return {
    size, frames, drawing: drawing as ReadonlySignal<Drawing>, chosen, tool, handle, softness, timing,
    carrying, camera, sketched, touched: touched as ReadonlySignal<Touched | undefined>,
    standing: standing as ReadonlySignal<typeof standing.value>,
    trouble: trouble as ReadonlySignal<string>, can: can as ReadonlySignal<typeof can.value>,
    press, drag, lift, cancel, wash, close, go, add, drop, set, own, film, anew, start,
    undo: () => back(done.undo()),
    redo: () => back(done.redo()),
  };
}
