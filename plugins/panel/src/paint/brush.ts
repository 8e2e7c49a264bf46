/** The round brush and the polygon: what a hand on the picture leaves on a mask. */
import { within, type Box, type Raster } from "./raster";

export interface Brush {
  /** Pixels of the mask. */
  readonly radius: number;
  /** 0..1: the share of the radius that is full; the rest goes over to nothing. */
  readonly hardness: number;
  /** 0..1: how white the paint is. A grey moves part of the way. */
  readonly level: number;
}

export interface Place {
  /** Pixels of the mask from its left edge; the middle of the first pixel is at 0.5. */
  readonly x: number;
  readonly y: number;
  /** 0..1, of the radius: how firmly the pen is pressed. */
  readonly pressure: number;
}

/** The pixels that a line of the brush can touch. */
export function reach(brush: Brush, from: Place, to: Place): Box {
  const r = brush.radius + 1;
  return {
    left: Math.min(from.x, to.x) - r,
    top: Math.min(from.y, to.y) - r,
    right: Math.max(from.x, to.x) + r,
    bottom: Math.max(from.y, to.y) + r,
  };
}

/** Lays one straight line of paint, or takes it away; overlapping lines do not add up. */
export function line(mask: Raster, brush: Brush, from: Place, to: Place, erase = false): void {
  const box = within(reach(brush, from, to), mask);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  for (let y = box.top; y < box.bottom; y += 1) {
    const [first, end] = span(from, to, y, brush.radius + 2);
    const right = Math.min(box.right, end);
    for (let x = Math.max(box.left, first); x < right; x += 1) {
      const px = x + 0.5 - from.x;
      const py = y + 0.5 - from.y;
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const away = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2); // hypot is many times slower
      const radius = brush.radius * (from.pressure + along * (to.pressure - from.pressure));
      const paint = profile(away, radius, brush.hardness) * brush.level;
      if (paint > 0) lay(mask, y * mask.width + x, paint, erase);
    }
  }
  mask.revision += 1;
}

/** The pixels of a row that lie beside the part of a line that is near the row. */
function span(from: Place, to: Place, y: number, radius: number): readonly [first: number, end: number] {
  const dy = to.y - from.y;
  const shares = dy === 0 ? [0, 1] : [y - radius - from.y, y + radius - from.y].map((away) => away / dy);
  const xs = shares.map((share) => from.x + Math.min(1, Math.max(0, share)) * (to.x - from.x));
  return [Math.floor(Math.min(...xs) - radius), Math.ceil(Math.max(...xs) + radius)];
}

/** 0..1 at a distance from the middle: full, then a smooth way out, at least a pixel wide. */
function profile(away: number, radius: number, hardness: number): number {
  const core = Math.min(radius * hardness, radius - 0.5);
  const end = Math.max(radius, core + 1);
  if (away <= core) return 1;
  if (away >= end) return 0;
  const f = (end - away) / (end - core);
  return f * f * (3 - 2 * f);
}

function lay(mask: Raster, at: number, paint: number, erase: boolean): void {
  const was = mask.data[at] ?? 0;
  const value = Math.round(255 * paint);
  mask.data[at] = erase ? Math.min(was, 255 - value) : Math.max(was, value);
}

const SUBROWS = 4;

/** Fills a polygon (even-odd) with smooth edges, or takes it away; `level` is 0..1. */
export function polygon(
  mask: Raster,
  corners: readonly Pick<Place, "x" | "y">[],
  level: number,
  erase = false,
): void {
  const box = within(boundsOf(corners), mask);
  const row = new Float32Array(mask.width);
  for (let y = box.top; y < box.bottom; y += 1) {
    row.fill(0, box.left, box.right);
    for (let n = 0; n < SUBROWS; n += 1) {
      const cuts = crossings(corners, y + (n + 0.5) / SUBROWS);
      for (let k = 0; k + 1 < cuts.length; k += 2) {
        cover(row, cuts[k] ?? 0, cuts[k + 1] ?? 0, box);
      }
    }
    for (let x = box.left; x < box.right; x += 1) {
      const share = Math.min(1, (row[x] ?? 0) / SUBROWS);
      if (share > 0) lay(mask, y * mask.width + x, share * level, erase);
    }
  }
  mask.revision += 1;
}

export function boundsOf(corners: readonly Pick<Place, "x" | "y">[]): Box {
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  return {
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  };
}

function crossings(corners: readonly Pick<Place, "x" | "y">[], y: number): number[] {
  const found: number[] = [];
  corners.forEach((a, n) => {
    const b = corners[(n + 1) % corners.length];
    if (b === undefined || a.y <= y === b.y <= y) return;
    found.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  });
  return found.sort((one, other) => one - other);
}

/** Adds to each pixel of a row the share of it that lies between two places. */
function cover(row: Float32Array, from: number, to: number, box: Box): void {
  const first = Math.max(box.left, Math.floor(from));
  const last = Math.min(box.right - 1, Math.floor(to));
  for (let x = first; x <= last; x += 1) {
    row[x] = (row[x] ?? 0) + Math.max(0, Math.min(to, x + 1) - Math.max(from, x));
  }
}
