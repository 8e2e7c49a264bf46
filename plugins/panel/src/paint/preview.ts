/** What the strokes, the camera and the ambient motion do to the still, at once and roughly. */
import { atFrame, elapsed, IDENTITY, inverse, times, type Homography, type Move } from "./camera";
import { maskOf, type Drawing, type Layer } from "./drawing";
import { inpainted } from "./inpaint";
import { shrunk, type Box, type Raster } from "./raster";
import { wayAt } from "./strokes";

/** A small picture (`h w 4`). */
export interface Still {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
}

type Field = Float32Array<ArrayBuffer>;

/** A region that strokes carry, at the still's size. */
interface Carried {
  /** 0..1: how much of each pixel it owns. */
  readonly owned: Field;
  /** 0..1: how far each place goes of the way; undefined: all of it. */
  readonly gain: Field | undefined;
  readonly strokes: readonly Layer[];
  /** The pixels that it owns anything of. */
  readonly box: Box;
}

/** All that a frame of the preview needs and that no frame changes. */
export interface Scene {
  readonly still: Still;
  /** The still with its surroundings drawn in where regions move away. */
  readonly behind: Uint8ClampedArray;
  readonly carried: readonly Carried[];
  /** 0..1 of the widest sway; undefined: nothing sways. */
  readonly sway: Field | undefined;
  /** 0..1, at the place on the screen; undefined: all may change. */
  readonly mask: Field | undefined;
  readonly cameras: readonly Move[];
  readonly frames: number;
}

/** Fractions of the width within which a grey beside a lighter one is the edge of it. */
const RIM = 0.002;
/** How soon a pixel belongs wholly to what moves beside it, as the server's engine has it. */
const WHOLE = 1.5;
/** Pixels around a region that are drawn in with it, so that its colour leaves no rim behind. */
const APART = 3;
/** Fractions of the width that ambient motion of strength 1 sways. */
const SWAY = 0.012;

export function sceneOf(still: Still, drawing: Drawing, frames: number): Scene {
  const { width, height } = still;
  const small = new Map<Raster, Field>();
  const field = (region: Raster): Field => {
    const found = small.get(region) ?? shrunk(region, width, height);
    small.set(region, found);
    return found;
  };
  const own = maskOf(drawing)?.region;
  const mask = own === undefined ? undefined : field(own);
  const limited = (region: Raster | undefined): Field | undefined => {
    if (region === undefined) return mask;
    const drawn = field(region);
    return mask === undefined ? drawn : drawn.map((value, i) => value * (mask[i] ?? 0));
  };
  const groups = new Map<Raster | undefined, Layer[]>();
  for (const one of drawing.layers) {
    if (one.kind !== "stroke" || one.points.length < 2) continue;
    const same = groups.get(one.region);
    if (same === undefined) groups.set(one.region, [one]);
    else same.push(one);
  }
  const carried: Carried[] = [];
  const known = new Float32Array(width * height).fill(1);
  for (const [region, strokes] of groups) {
    const drawn = limited(region);
    if (drawn === undefined) continue;
    const { owned, gain } = ownedAndMoved(drawn, width, height);
    carried.push({ owned, gain, strokes, box: boxOf(owned, width) });
    const wide = lightestNear(owned, width, height, APART);
    wide.forEach((value, i) => (known[i] = Math.min(known[i] ?? 1, value > 0.02 ? 0 : 1)));
  }
  const behind = carried.length === 0 ? still.rgba : inpainted(still.rgba, width, height, known);
  const sway = swayOf(drawing, limited, width * height);
  return { still, behind, carried, sway, mask, cameras: drawing.cameras, frames };
}

function swayOf(
  drawing: Drawing,
  limited: (region: Raster | undefined) => Field | undefined,
  pixels: number,
): Field | undefined {
  let sway: Field | undefined;
  for (const one of drawing.layers) {
    const drawn = one.kind === "ambient" ? limited(one.region) : undefined;
    if (drawn === undefined) continue;
    const sum: Field = sway ?? new Float32Array(pixels);
    drawn.forEach((value, i) => (sum[i] = Math.max(sum[i] ?? 0, value * one.strength)));
    sway = sum;
  }
  return sway;
}

/** A grey is part of a motion, not of a pixel; only beside a lighter one it is a soft edge. */
function ownedAndMoved(
  drawn: Field,
  width: number,
  height: number,
): { readonly owned: Field; readonly gain: Field | undefined } {
  if (drawn.every((value) => value === 0 || value === 1)) return { owned: drawn, gain: undefined };
  const gain = lightestNear(drawn, width, height, 1 + Math.round(RIM * width));
  const owned = drawn.map((value, i) => Math.min(1, (WHOLE * value) / Math.max(gain[i] ?? 0, 1e-6)));
  return { owned, gain };
}

function lightestNear(field: Field, width: number, height: number, radius: number): Field {
  const rows = new Float32Array(field.length);
  const made = new Float32Array(field.length);
  const spread = (from: Field, to: Field, step: number, at: number, side: number, i: number): void => {
    let most = 0;
    for (let n = Math.max(-radius, -at); n <= Math.min(radius, side - 1 - at); n += 1) {
      most = Math.max(most, from[i + n * step] ?? 0);
    }
    to[i] = most;
  };
  for (let i = 0; i < field.length; i += 1) spread(field, rows, 1, i % width, width, i);
  for (let i = 0; i < field.length; i += 1) {
    spread(rows, made, width, Math.floor(i / width), height, i);
  }
  return made;
}

/** Whether anything moves at all. */
export function isStill({ carried, sway, cameras }: Scene): boolean {
  return carried.length === 0 && sway === undefined && cameras.length === 0;
}

/** Where strokes have carried a region at a frame: pixels of the still. */
function shiftOf({ strokes }: Carried, frame: number, scene: Scene): readonly [dx: number, dy: number] {
  let [dx, dy] = [0, 0];
  for (const { points, over, strength } of strokes) {
    const span = over ?? { start: 0, frames: scene.frames };
    const [here, start] = [wayAt(points, elapsed(frame, span)), wayAt(points, elapsed(0, span))];
    dx += strength * (here.x - start.x) * scene.still.width;
    dy += strength * (here.y - start.y) * scene.still.height;
  }
  return [dx, dy];
}

/** Draws a frame (from 0) of the scene, at the still's size, into `into` (`h w 4`). */
export function draw(scene: Scene, frame: number, into: Uint8ClampedArray): void {
  const { still, behind, sway, mask } = scene;
  const { width, height, rgba } = still;
  const [b0, b1, b2, b3, b4, b5, b6, b7, b8] = backward(scene, frame);
  const parts = scene.carried.map((one) => partAt(one, frame, scene));
  const waves = wavesAt(frame, width, height);
  const rests = scene.cameras.length === 0 && sway === undefined;
  const tap = new Float32Array(3);
  const over = new Float32Array(3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const i = y * width + x;
      const to = 4 * i;
      into[to + 3] = 255;
      const share = mask === undefined ? 1 : (mask[i] ?? 0);
      if (share === 0) {
        for (let c = 0; c < 3; c += 1) into[to + c] = rgba[to + c] ?? 0;
        continue;
      }
      const depth = b6 * x + b7 * y + b8;
      const u = (b0 * x + b1 * y + b2) / depth;
      const v = (b3 * x + b4 * y + b5) / depth;
      const rock = sway === undefined ? 0 : valueAt(sway, width, height, u, v) * SWAY * width;
      let rockX = 0;
      let rockY = 0;
      if (rock > 0) {
        const column = Math.min(width - 1, Math.max(0, Math.round(u)));
        const row = Math.min(height - 1, Math.max(0, Math.round(v)));
        rockX = rock * ((waves.across[row] ?? 0) + (waves.slow[column] ?? 0));
        rockY = rock * (waves.along[column] ?? 0);
      }
      if (rests) for (let c = 0; c < 3; c += 1) tap[c] = behind[to + c] ?? 0;
      else colourAt(behind, width, height, u - rockX, v - rockY, tap);
      for (const part of parts) {
        if (u < part.left || u > part.right || v < part.top || v > part.bottom) continue;
        const gone = part.gain === undefined ? 1 : goneBy(part.gain, width, height, u, v, part);
        const s = u - gone * part.dx;
        const t = v - gone * part.dy;
        const alpha = valueAt(part.owned, width, height, s, t);
        if (alpha <= 0) continue;
        colourAt(rgba, width, height, s - rockX, t - rockY, over);
        for (let c = 0; c < 3; c += 1) tap[c] = (tap[c] ?? 0) + alpha * ((over[c] ?? 0) - (tap[c] ?? 0));
      }
      for (let c = 0; c < 3; c += 1) {
        const was = rgba[to + c] ?? 0;
        into[to + c] = was + share * ((tap[c] ?? 0) - was);
      }
    }
  }
}

/** A carried region at a frame, with the pixels of the still that it can reach by then. */
interface Part {
  readonly owned: Field;
  readonly gain: Field | undefined;
  readonly dx: number;
  readonly dy: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function partAt(one: Carried, frame: number, scene: Scene): Part {
  const { owned, gain, box } = one;
  const [dx, dy] = shiftOf(one, frame, scene);
  const left = box.left + Math.min(0, dx) - 1;
  const top = box.top + Math.min(0, dy) - 1;
  return {
    owned, gain, dx, dy, left, top,
    right: box.right + Math.max(0, dx), bottom: box.bottom + Math.max(0, dy),
  };
}

const LOOKS = 8;
const HALVINGS = 5;

/**
 * The share of the way that what is seen at (u, v) has gone: the most for which the place it came
 * from goes that far. A place moves by its grey, so a soft edge is stretched like rubber.
 */
function goneBy(gain: Field, width: number, height: number, u: number, v: number, { dx, dy }: Part): number {
  let beyond = 1;
  if (valueAt(gain, width, height, u - dx, v - dy) > 0.999) return 1;
  for (let look = LOOKS - 1; look >= 0; look -= 1) {
    let share = look / LOOKS;
    if (valueAt(gain, width, height, u - share * dx, v - share * dy) >= share) {
      for (let n = 0; n < HALVINGS; n += 1) {
        const middle = (share + beyond) / 2;
        if (valueAt(gain, width, height, u - middle * dx, v - middle * dy) >= middle) share = middle;
        else beyond = middle;
      }
      return share;
    }
    beyond = share;
  }
  return 0;
}

/** The pixels at which a field is not nothing. */
function boxOf(field: Field, width: number): Box {
  let box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let i = 0; i < field.length; i += 1) {
    if ((field[i] ?? 0) <= 0) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    if (x >= box.left && x < box.right && y >= box.top && y < box.bottom) continue;
    box = {
      left: Math.min(box.left, x), top: Math.min(box.top, y),
      right: Math.max(box.right, x + 1), bottom: Math.max(box.bottom, y + 1),
    };
  }
  return box;
}

/** From a pixel of the frame to the pixel of the still that is seen there. */
function backward({ cameras, frames, still }: Scene, frame: number): Homography {
  if (cameras.length === 0) return IDENTITY;
  const { width, height } = still;
  const back = inverse(atFrame(cameras, frame, frames, height / width));
  const toPlace: Homography = [
    1 / width, 0, 0.5 / width - 0.5, 0, 1 / width, (0.5 - height / 2) / width, 0, 0, 1,
  ];
  const toPixel: Homography = [width, 0, width / 2 - 0.5, 0, width, height / 2 - 0.5, 0, 0, 1];
  return times(toPixel, times(back, toPlace));
}

/** Ripples that begin at rest, as sums of rows and columns: -1..1 of the sway. */
function wavesAt(frame: number, width: number, height: number): Record<"across" | "along" | "slow", Field> {
  const time = frame / 24;
  const table = (count: number, length: number, pace: number, gain: number): Field =>
    Float32Array.from({ length: count }, (_, n) => {
      const at = (2 * Math.PI * n) / (length * width);
      return gain * (Math.sin(at + pace * time) - Math.sin(at));
    });
  return {
    across: table(height, 0.09, 4.1, 0.4),
    slow: table(width, 0.23, 2.3, 0.2),
    along: table(width, 0.12, 3.3, 0.3),
  };
}

/** Bilinear; nothing is beyond the edges. */
function valueAt(field: Field, width: number, height: number, u: number, v: number): number {
  if (u <= -1 || v <= -1 || u >= width || v >= height) return 0;
  const x = Math.floor(u);
  const y = Math.floor(v);
  const f = u - x;
  const g = v - y;
  const left = x >= 0;
  const right = x + 1 < width;
  const above = y >= 0;
  const below = y + 1 < height;
  const i = y * width + x;
  const a = left && above ? (field[i] ?? 0) : 0;
  const b = right && above ? (field[i + 1] ?? 0) : 0;
  const c = left && below ? (field[i + width] ?? 0) : 0;
  const d = right && below ? (field[i + width + 1] ?? 0) : 0;
  return (a + f * (b - a)) * (1 - g) + (c + f * (d - c)) * g;
}

/** Bilinear; beyond the edges the picture is its own mirror. */
function colourAt(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
  u: number,
  v: number,
  into: Float32Array,
): void {
  const s = mirrored(u, width - 1);
  const t = mirrored(v, height - 1);
  const x = Math.floor(s);
  const y = Math.floor(t);
  const f = s - x;
  const g = t - y;
  const i = 4 * (y * width + x);
  const right = x + 1 < width ? 4 : 0;
  const below = y + 1 < height ? 4 * width : 0;
  for (let c = 0; c < 3; c += 1) {
    const top = (rgba[i + c] ?? 0) * (1 - f) + (rgba[i + right + c] ?? 0) * f;
    const bottom = (rgba[i + below + c] ?? 0) * (1 - f) + (rgba[i + below + right + c] ?? 0) * f;
    into[c] = top * (1 - g) + bottom * g;
  }
}

function mirrored(at: number, last: number): number {
  if (at >= 0 && at <= last) return at;
  if (!Number.isFinite(at) || last <= 0) return 0;
  const turn = Math.abs(at) % (2 * last);
  return turn > last ? 2 * last - turn : turn;
}
