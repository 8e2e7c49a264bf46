/** Masks as colour over the picture, redrawn where they were painted. */
import type { Touched } from "./painting";
import { within, whole, type Box, type Raster } from "./raster";

type Colour = readonly [number, number, number];

interface Tint {
  readonly canvas: HTMLCanvasElement;
  revision: number;
  colour: string;
}

/** Pixels of a tint's longer side, at most: the screen has not many more. */
const LONGEST = 1280;
const STRENGTH = 0.5;
const STRIPE = 6;

export type Tints = ReturnType<typeof tints>;

export function tints() {
  const made = new WeakMap<Raster, Tint>();
  /** `striped` shows what is not chosen, or ambient: a colour alone says nothing to many. */
  return (
    mask: Raster,
    colour: Colour,
    striped: boolean,
    touched: Touched | undefined,
  ): HTMLCanvasElement => {
    const step = Math.ceil(Math.max(mask.width, mask.height) / LONGEST);
    const name = `${colour.join()} ${String(striped)}`;
    const known = made.get(mask);
    if (known?.revision === mask.revision && known.colour === name) return known.canvas;
    const tint = known ?? { canvas: document.createElement("canvas"), revision: -1, colour: name };
    if (known === undefined) {
      tint.canvas.width = Math.ceil(mask.width / step);
      tint.canvas.height = Math.ceil(mask.height / step);
    }
    const partly =
      known?.colour === name && touched?.mask === mask && known.revision >= touched.since;
    lay(tint.canvas, mask, step, colour, striped, partly ? within(touched.box, mask) : whole(mask));
    tint.revision = mask.revision;
    tint.colour = name;
    made.set(mask, tint);
    return tint.canvas;
  };
}

function lay(
  canvas: HTMLCanvasElement,
  mask: Raster,
  step: number,
  [r, g, b]: Colour,
  striped: boolean,
  box: Box,
): void {
  const [left, top] = [Math.floor(box.left / step), Math.floor(box.top / step)];
  const width = Math.min(canvas.width, Math.ceil(box.right / step)) - left;
  const height = Math.min(canvas.height, Math.ceil(box.bottom / step)) - top;
  const context = canvas.getContext("2d");
  if (context === null || width <= 0 || height <= 0) return;
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const row = Math.min(mask.height - 1, (top + y) * step + (step >> 1));
      const column = Math.min(mask.width - 1, (left + x) * step + (step >> 1));
      const light = striped && Math.floor((left + x + top + y) / STRIPE) % 2 === 0 ? 0.35 : 1;
      const value = mask.data[row * mask.width + column] ?? 0;
      image.data.set([r, g, b, value * STRENGTH * light], 4 * (y * width + x));
    }
  }
  context.putImageData(image, left, top);
}
