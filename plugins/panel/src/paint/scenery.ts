/** Draws the stage: picture, masks as colour, ways, the camera's box, what is in the hand. */
import { boxOf } from "./camerabox";
import { colourOf } from "./canvas";
import { nameOf, type Layer } from "./drawing";
import { toStage, type Extent, type Look } from "./look";
import type { Painting } from "./painting";
import { wayAt } from "./strokes";
import type { Tints } from "./tints";
import type { XY } from "./camera";

export interface View {
  readonly look: Look;
  readonly extent: Extent;
  /** Where the hand is, in the picture; undefined: elsewhere. */
  readonly hand: XY | undefined;
  /** True where the hand was moved by keys: then it is drawn as a cross. */
  readonly cross: boolean;
  /** Of the preview; 0: the still. */
  readonly frame: number;
  readonly picture: CanvasImageSource | undefined;
}

type Rgb = readonly [number, number, number];

/** The theme's colours as the stage draws them. */
export interface Inks {
  readonly mask: Rgb;
  readonly stroke: Rgb;
  readonly ambient: Rgb;
  /** Beyond the picture. */
  readonly ground: Rgb;
}

export function inks(element: Element): Inks {
  return {
    mask: colourOf(element, "--accent"),
    stroke: colourOf(element, "--good"),
    ambient: colourOf(element, "--bad"),
    ground: colourOf(element, "--line"),
  };
}

export const GRIP = 7;

export function paintStage(
  context: CanvasRenderingContext2D,
  painting: Painting,
  view: View,
  tint: Tints,
  ink: Inks,
): void {
  const { look, extent, frame, picture } = view;
  const drawing = painting.drawing.value;
  context.fillStyle = css(ink.ground, 1);
  context.fillRect(0, 0, extent.width, extent.height);
  const [from, to] = [toStage({ x: 0, y: 0 }, look, extent), toStage({ x: 1, y: 1 }, look, extent)];
  const place = [from.x, from.y, to.x - from.x, to.y - from.y] as const;
  context.imageSmoothingEnabled = look.zoom < 4;
  context.imageSmoothingQuality = "high";
  if (picture !== undefined) context.drawImage(picture, ...place);
  if (frame > 0) return;
  for (const one of drawing.layers) {
    if (one.region === undefined) continue;
    const striped = one.kind === "ambient";
    const touched = painting.touched.value;
    context.globalAlpha = one.id === painting.chosen.value || painting.chosen.value === 0 ? 1 : 0.45;
    context.drawImage(tint(one.region, ink[one.kind], striped, touched), ...place);
    context.globalAlpha = 1;
  }
  for (const one of drawing.layers) {
    if (one.kind !== "stroke" || one.points.length < 2) continue;
    way(context, one, nameOf(drawing, one), one.id === painting.chosen.value, view, ink.stroke);
  }
  sketch(context, painting, view, ink);
  if (painting.tool.value === "camera" || drawing.cameras.length > 0) {
    frameBox(context, painting, view, ink);
  }
  hand(context, painting, view, ink);
}

function css([r, g, b]: Rgb, alpha: number): string {
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

const WHITE: Rgb = [255, 255, 255];

/** A line that is seen on any picture: dark below a light colour, light below a dark one. */
function outlined(context: CanvasRenderingContext2D, colour: Rgb, alpha: number, width: number, trace: () => void): void {
  const [r, g, b] = colour;
  const below = 0.2126 * r + 0.7152 * g + 0.0722 * b > 120 ? "rgb(0 0 0 / 0.6)" : "rgb(255 255 255 / 0.75)";
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const [style, wide] of [[below, width + 2], [css(colour, alpha), width]] as const) {
    context.strokeStyle = style;
    context.lineWidth = wide;
    context.beginPath();
    trace();
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, places: readonly XY[]): void {
  places.forEach(({ x, y }, n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
}

function way(
  context: CanvasRenderingContext2D,
  { points }: Layer,
  name: string,
  chosen: boolean,
  { look, extent }: View,
  ink: Rgb,
): void {
  const steps = 12 * (points.length - 1);
  const places = Array.from({ length: steps + 1 }, (_, n) =>
    toStage(wayAt(points, n / steps), look, extent),
  );
  const [end, before] = [places.at(-1), places.at(-4)];
  outlined(context, ink, chosen ? 1 : 0.75, chosen ? 2.5 : 1.5, () => {
    trace(context, places);
    if (end === undefined || before === undefined) return;
    const angle = Math.atan2(end.y - before.y, end.x - before.x);
    for (const side of [2.6, -2.6]) {
      context.moveTo(end.x, end.y);
      context.lineTo(end.x + 10 * Math.cos(angle + side), end.y + 10 * Math.sin(angle + side));
    }
  });
  for (const [n, point] of points.entries()) {
    if (!chosen && n > 0) break;
    const at = toStage(point, look, extent);
    context.fillStyle = css(ink, 1);
    outlined(context, ink, 1, 1.5, () => context.arc(at.x, at.y, n === 0 ? 5 : 3.5, 0, 7));
    if (n > 0) context.fill();
  }
  const [start] = places;
  if (!chosen || start === undefined) return;
  context.font = "600 11px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 0.7)";
  const left = Math.min(start.x + 9, extent.width - context.measureText(name).width - 4);
  const top = start.y < 20 ? start.y + 18 : start.y - 9;
  context.strokeText(name, left, top);
  context.fillStyle = "white";
  context.fillText(name, left, top);
}

function sketch(context: CanvasRenderingContext2D, painting: Painting, view: View, ink: Inks): void {
  const { look, extent, hand: here } = view;
  const places = painting.sketched.value.map((at) => toStage(at, look, extent));
  if (places.length === 0) return;
  const polygon = painting.tool.value === "polygon";
  const colour = polygon ? ink.mask : ink.stroke;
  const loose = polygon && here !== undefined ? [...places, toStage(here, look, extent)] : places;
  outlined(context, colour, 1, 2, () => trace(context, loose));
  for (const [n, { x, y }] of polygon ? places.entries() : []) {
    outlined(context, colour, 1, 1.5, () => context.arc(x, y, n === 0 ? GRIP : 3, 0, 7));
  }
}

/** Where the grips of the camera's box are, on the stage. */
export function grips(
  painting: Painting,
  look: Look,
  extent: Extent,
): { readonly corners: readonly XY[]; readonly turn: XY } {
  const ratio = extent.height / extent.width;
  const frames = Math.max(1, painting.frames.value);
  const corners = boxOf(painting.drawing.value.cameras, frames - 1, frames, ratio).map(({ x, y }) =>
    toStage({ x: x + 0.5, y: y / ratio + 0.5 }, look, extent),
  );
  const [a, b, c, d] = corners as [XY, XY, XY, XY];
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const foot = { x: (c.x + d.x) / 2, y: (c.y + d.y) / 2 };
  const length = Math.max(1, Math.hypot(foot.x - middle.x, foot.y - middle.y));
  // Inside the box, where it is seen however large the box is.
  const inwards = Math.min(26, length / 3) / length;
  return {
    corners,
    turn: {
      x: middle.x + (foot.x - middle.x) * inwards,
      y: middle.y + (foot.y - middle.y) * inwards,
    },
  };
}

function frameBox(context: CanvasRenderingContext2D, painting: Painting, view: View, ink: Inks): void {
  const { corners, turn } = grips(painting, view.look, view.extent);
  const held = painting.tool.value === "camera";
  const close = (): void => {
    trace(context, corners);
    context.closePath();
  };
  if (held) {
    context.fillStyle = "rgb(0 0 0 / 0.45)";
    context.beginPath();
    context.rect(0, 0, view.extent.width, view.extent.height);
    close();
    context.fill("evenodd");
  }
  outlined(context, ink.mask, held ? 1 : 0.7, held ? 2 : 1, close);
  if (!held) return;
  const [a, b] = [corners[0], corners[1]];
  if (a === undefined || b === undefined) return;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  outlined(context, ink.mask, 1, 1.5, () => trace(context, [middle, turn]));
  for (const { x, y } of [...corners, turn]) {
    context.fillStyle = css(ink.ground, 1);
    context.beginPath();
    context.arc(x, y, GRIP - 1, 0, 7);
    context.fill();
    outlined(context, ink.mask, 1, 1.5, () => context.arc(x, y, GRIP - 2, 0, 7));
  }
}

function hand(context: CanvasRenderingContext2D, painting: Painting, view: View, ink: Inks): void {
  if (view.hand === undefined) return;
  const { x, y } = toStage(view.hand, view.look, view.extent);
  const tool = painting.tool.value;
  if (tool === "brush" || tool === "erase" || tool === "ambient") {
    const { radius, hardness } = painting.handle.value;
    const r = Math.max(1, radius * view.extent.width * view.look.zoom);
    outlined(context, WHITE, 1, 1, () => context.arc(x, y, r, 0, 7));
    if (hardness < 0.95 && r * hardness > 3) {
      context.setLineDash([2, 3]);
      outlined(context, WHITE, 0.7, 1, () => context.arc(x, y, r * hardness, 0, 7));
      context.setLineDash([]);
    }
  }
  if (!view.cross) return;
  outlined(context, ink.mask, 1, 1.5, () => {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      context.moveTo(x + 3 * dx, y + 3 * dy);
      context.lineTo(x + 10 * dx, y + 10 * dy);
    }
  });
}
