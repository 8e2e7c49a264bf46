/** What lies behind a region that moves away: its surroundings, drawn in by push and pull. */

/** A picture (`h w 4`, 0..255, alpha unused) with a weight 0..1 for each pixel. */
interface Level {
  readonly width: number;
  readonly height: number;
  readonly colour: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
}

/**
 * The picture (`h w 4`) with its unknown places filled (Gortler et al. 1996, section 3.3.1):
 * halved until everything is known, then put back where it is not.
 */
export function inpainted(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
  known: Float32Array,
): Uint8ClampedArray<ArrayBuffer> {
  const colour = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) colour[3 * i + c] = rgba[4 * i + c] ?? 0;
  }
  const levels: Level[] = [{ width, height, colour, weight: Float32Array.from(known) }];
  for (let top = levels[0]; top !== undefined && Math.max(top.width, top.height) > 1; ) {
    top = pushed(top);
    levels.push(top);
  }
  for (let n = levels.length - 2; n >= 0; n -= 1) {
    const [fine, coarse] = [levels[n], levels[n + 1]];
    if (fine !== undefined && coarse !== undefined) pull(fine, coarse);
  }
  const made = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) made[4 * i + c] = colour[3 * i + c] ?? 0;
    made[4 * i + 3] = 255;
  }
  return made;
}

function pushed({ width, height, colour, weight }: Level): Level {
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const made = { width: w, height: h, colour: new Float32Array(3 * w * h), weight: new Float32Array(w * h) };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [from, to] = [y * width + x, (y >> 1) * w + (x >> 1)];
      const share = weight[from] ?? 0;
      made.weight[to] = (made.weight[to] ?? 0) + share;
      for (let c = 0; c < 3; c += 1) {
        made.colour[3 * to + c] = (made.colour[3 * to + c] ?? 0) + share * (colour[3 * from + c] ?? 0);
      }
    }
  }
  for (let i = 0; i < w * h; i += 1) {
    const sum = made.weight[i] ?? 0;
    if (sum <= 0) continue;
    for (let c = 0; c < 3; c += 1) made.colour[3 * i + c] = (made.colour[3 * i + c] ?? 0) / sum;
    made.weight[i] = Math.min(1, sum);
  }
  return made;
}

function pull(fine: Level, coarse: Level): void {
  const { width, height, colour, weight } = fine;
  for (let y = 0; y < height; y += 1) {
    const v = Math.max(0, Math.min(coarse.height - 1, (y - 0.5) / 2));
    const [above, down] = [Math.floor(v), v - Math.floor(v)];
    const below = Math.min(coarse.height - 1, above + 1);
    for (let x = 0; x < width; x += 1) {
      const i = y * width + x;
      const share = weight[i] ?? 0;
      if (share >= 1) continue;
      const u = Math.max(0, Math.min(coarse.width - 1, (x - 0.5) / 2));
      const [left, along] = [Math.floor(u), u - Math.floor(u)];
      const right = Math.min(coarse.width - 1, left + 1);
      for (let c = 0; c < 3; c += 1) {
        const at = (row: number, column: number): number =>
          coarse.colour[3 * (row * coarse.width + column) + c] ?? 0;
        const top = at(above, left) + along * (at(above, right) - at(above, left));
        const bottom = at(below, left) + along * (at(below, right) - at(below, left));
        const behind = top + down * (bottom - top);
        colour[3 * i + c] = share * (colour[3 * i + c] ?? 0) + (1 - share) * behind;
      }
    }
  }
}
