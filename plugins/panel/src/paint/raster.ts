/** A mask as a raster: a byte for each pixel, white (255) may change, black (0) stays. */

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top left. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Counts the changes. */
  revision: number;
}

/** Pixels of a raster; right and bottom are exclusive. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function raster(width: number, height: number): Raster {
  return { width, height, data: new Uint8Array(width * height), revision: 0 };
}

export function whole({ width, height }: Raster): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

/** The part of a box, in fractions of pixels or beyond the edges, that a raster has. */
export function within(box: Box, { width, height }: Raster): Box {
  const left = Math.min(width, Math.max(0, Math.floor(box.left)));
  const top = Math.min(height, Math.max(0, Math.floor(box.top)));
  const right = Math.max(left, Math.min(width, Math.ceil(box.right)));
  return { left, top, right, bottom: Math.max(top, Math.min(height, Math.ceil(box.bottom))) };
}

export function joined(a: Box | undefined, b: Box): Box {
  if (a === undefined) return b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

export function isEmpty(mask: Raster): boolean {
  return coverage(mask) === 0;
}

const covered = new WeakMap<Raster, { readonly revision: number; readonly share: number }>();

/** 0..1: how much of the picture is white; counted once for each revision. */
export function coverage(mask: Raster): number {
  const known = covered.get(mask);
  if (known?.revision === mask.revision) return known.share;
  let sum = 0;
  for (const value of mask.data) sum += value;
  const share = sum / (255 * Math.max(1, mask.data.length));
  covered.set(mask, { revision: mask.revision, share });
  return share;
}

/** Whether two masks of one size are white at the same place anywhere. */
export function meet(one: Raster, other: Raster): boolean {
  return one.data.some((value, i) => value > 0 && (other.data[i] ?? 0) > 0);
}

export function fill(mask: Raster, value: number): void {
  mask.data.fill(value);
  mask.revision += 1;
}

export function invert(mask: Raster): void {
  const { data } = mask;
  for (let i = 0; i < data.length; i += 1) data[i] = 255 - (data[i] ?? 0);
  mask.revision += 1;
}

/**
 * A Gaussian of `sigma` pixels over the mask: three boxes one after the other, whose variances add
 * up to it (Kovesi 2010), so that a wide feather costs no more than a narrow one.
 */
export function feather(mask: Raster, sigma: number): void {
  if (sigma <= 0) return;
  const { width, height } = mask;
  const [from, to] = [Float32Array.from(mask.data), new Float32Array(mask.data.length)];
  for (const radius of boxes(sigma)) {
    for (let y = 0; y < height; y += 1) box(from, to, y * width, 1, width, radius);
    for (let x = 0; x < width; x += 1) box(to, from, x, width, height, radius);
  }
  for (let i = 0; i < from.length; i += 1) mask.data[i] = Math.round(from[i] ?? 0);
  mask.revision += 1;
}

/** Radii of three boxes whose variances ((2 r + 1)^2 - 1) / 12 add up to `sigma` squared. */
function boxes(sigma: number): readonly number[] {
  const ideal = Math.sqrt(4 * sigma * sigma + 1);
  const low = Math.floor((ideal - 1) / 2);
  const least = 2 * low + 1;
  const wide = Math.round((3 * (ideal * ideal - least * least)) / (4 * least + 4));
  return [0, 1, 2].map((n) => (n < wide ? low + 1 : low));
}

/** One line's running mean; the edge goes on beyond the edge. */
function box(
  from: Float32Array,
  to: Float32Array,
  first: number,
  step: number,
  count: number,
  radius: number,
): void {
  const at = (i: number): number => from[first + Math.min(count - 1, Math.max(0, i)) * step] ?? 0;
  let sum = 0;
  for (let i = -radius; i <= radius; i += 1) sum += at(i);
  const share = 1 / (2 * radius + 1);
  for (let i = 0; i < count; i += 1) {
    to[first + i * step] = sum * share;
    sum += at(i + radius + 1) - at(i - radius);
  }
}

/** The luma (Rec. 709) of a picture (`h w 4`) over black. */
export function fromRgba(rgba: Uint8ClampedArray, width: number, height: number): Raster {
  const made = raster(width, height);
  for (let i = 0; i < made.data.length; i += 1) {
    const [r = 0, g = 0, b = 0, a = 0] = rgba.subarray(4 * i, 4 * i + 4);
    made.data[i] = Math.round(((0.2126 * r + 0.7152 * g + 0.0722 * b) * a) / 255);
  }
  return made;
}

/** The mean of each cell of a smaller grid, 0..1, row by row. */
export function shrunk(mask: Raster, width: number, height: number): Float32Array<ArrayBuffer> {
  const made = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const [top, bottom] = cell(y, height, mask.height);
    for (let x = 0; x < width; x += 1) {
      const [left, right] = cell(x, width, mask.width);
      let sum = 0;
      for (let v = top; v < bottom; v += 1) {
        for (let u = left; u < right; u += 1) sum += mask.data[v * mask.width + u] ?? 0;
      }
      made[y * width + x] = sum / (255 * (bottom - top) * (right - left));
    }
  }
  return made;
}

function cell(n: number, of: number, side: number): readonly [first: number, end: number] {
  const first = Math.min(side - 1, Math.floor((n * side) / of));
  return [first, Math.max(first + 1, Math.floor(((n + 1) * side) / of))];
}
