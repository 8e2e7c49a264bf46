/** What was done and can be taken back: changed tiles of rasters, with a bound on their memory. */
import { joined, within, type Box, type Raster } from "./raster";

const TILE = 64;

/** A tile as it was; a number: all of it had that value. */
type Tile = Uint8Array | number;

/** The tiles of a raster that a change touched, as they were on the other side of it. */
export interface Patch {
  readonly mask: Raster;
  readonly tiles: Map<number, Tile>;
}

export interface Recorder {
  /** To be called before pixels of a box change. */
  touch(box: Box): void;
  readonly patch: Patch;
}

export function recorder(mask: Raster): Recorder {
  const tiles = new Map<number, Tile>();
  const across = Math.ceil(mask.width / TILE);
  return {
    patch: { mask, tiles },
    touch: (box) => {
      const { left, top, right, bottom } = within(box, mask);
      if (right <= left || bottom <= top) return;
      for (let v = Math.floor(top / TILE); v <= Math.floor((bottom - 1) / TILE); v += 1) {
        for (let u = Math.floor(left / TILE); u <= Math.floor((right - 1) / TILE); u += 1) {
          const number = v * across + u;
          if (!tiles.has(number)) tiles.set(number, taken(mask, number));
        }
      }
    },
  };
}

/** Exchanges the tiles of a patch with the raster's own: back, and forth again. */
export function exchange({ mask, tiles }: Patch): Box | undefined {
  let changed: Box | undefined;
  for (const [number, tile] of tiles) {
    const box = boxOf(mask, number);
    tiles.set(number, taken(mask, number));
    const width = box.right - box.left;
    for (let y = box.top; y < box.bottom; y += 1) {
      const to = y * mask.width + box.left;
      if (typeof tile === "number") mask.data.fill(tile, to, to + width);
      else mask.data.set(tile.subarray((y - box.top) * width, (y - box.top + 1) * width), to);
    }
    changed = joined(changed, box);
  }
  mask.revision += 1;
  return changed;
}

function bytesOf({ tiles }: Patch): number {
  let bytes = 0;
  for (const tile of tiles.values()) bytes += typeof tile === "number" ? 16 : tile.length;
  return bytes;
}

function boxOf({ width, height }: Raster, number: number): Box {
  const across = Math.ceil(width / TILE);
  const [left, top] = [(number % across) * TILE, Math.floor(number / across) * TILE];
  return { left, top, right: Math.min(width, left + TILE), bottom: Math.min(height, top + TILE) };
}

function taken(mask: Raster, number: number): Tile {
  const box = boxOf(mask, number);
  const width = box.right - box.left;
  const tile = new Uint8Array(width * (box.bottom - box.top));
  for (let y = box.top; y < box.bottom; y += 1) {
    const from = y * mask.width + box.left;
    tile.set(mask.data.subarray(from, from + width), (y - box.top) * width);
  }
  const [first = 0] = tile;
  return tile.every((value) => value === first) ? first : tile;
}

/** One thing that was done: what stood before it, what stands after it, the pixels it changed. */
export interface Step<T> {
  readonly before: T;
  readonly after: T;
  readonly patch?: Patch;
}

export interface Past<T> {
  push(step: Step<T>): void;
  /** The last step has led here instead: many small changes are one. */
  amend(after: T): void;
  /** The state to go back to; undefined: there is nothing to take back. */
  undo(): T | undefined;
  redo(): T | undefined;
  clear(): void;
  readonly depth: number;
  /** Steps that were taken back. */
  readonly ahead: number;
}

/** Keeps the newest steps whose pixels fit into `limit` bytes, and always the last one. */
export function past<T>(limit = 48 * 1024 * 1024, most = 200): Past<T> {
  const done: Step<T>[] = [];
  const undone: Step<T>[] = [];
  const total = (): number =>
    done.reduce((sum, { patch }) => sum + (patch === undefined ? 0 : bytesOf(patch)), 0);
  return {
    push: (step) => {
      undone.length = 0;
      done.push(step);
      while (done.length > 1 && (done.length > most || total() > limit)) done.shift();
    },
    amend: (after) => {
      const step = done.pop();
      if (step !== undefined) done.push({ ...step, after });
    },
    undo: () => {
      const step = done.pop();
      if (step === undefined) return undefined;
      if (step.patch !== undefined) exchange(step.patch);
      undone.push(step);
      return step.before;
    },
    redo: () => {
      const step = undone.pop();
      if (step === undefined) return undefined;
      if (step.patch !== undefined) exchange(step.patch);
      done.push(step);
      return step.after;
    },
    clear: () => {
      done.length = 0;
      undone.length = 0;
    },
    get depth() {
      return done.length;
    },
    get ahead() {
      return undone.length;
    },
  };
}
