/** What the pointer and the keys do on the stage, for each tool. */
import { centreOf, lookedAt, resized, turned } from "./camerabox";
import type { Move, XY } from "./camera";
import { STILL_MOVE, type Kind } from "./drawing";
import { toStage, type Extent, type Look } from "./look";
import type { Painting, Tool } from "./painting";
import { GRIP, grips } from "./scenery";

/** A pointer on the stage. */
export interface Touch {
  /** Of the picture, 0..1. */
  readonly at: XY;
  /** Of the stage, pixels of the page. */
  readonly on: XY;
  /** 0..1. */
  readonly pressure: number;
  /** Milliseconds. */
  readonly time: number;
  readonly look: Look;
  readonly extent: Extent;
}

/** What goes on from press to lift. */
export interface Drag {
  move(touch: Touch): void;
  lift(): void;
  cancel(): void;
}

/** Pixels of the page at which a finger still meets a grip. */
const NEAR = GRIP + 7;

export function begin(painting: Painting, tool: Tool, touch: Touch): Drag | undefined {
  if (tool === "brush" || tool === "erase" || tool === "ambient") {
    painting.press(touch.at, touch.pressure, kindOf(painting, tool), tool === "erase");
    return {
      move: ({ at, pressure }) => painting.drag(at, pressure),
      lift: painting.lift,
      cancel: painting.cancel,
    };
  }
  if (tool === "stroke") return strokeDrag(painting, touch);
  if (tool === "camera") return cameraDrag(painting, touch);
  if (tool === "polygon") corner(painting, touch);
  return undefined;
}

export function kindOf(painting: Painting, tool: Tool): Kind | undefined {
  if (tool !== "ambient") return undefined;
  const chosen = painting.drawing.peek().layers.find(({ id }) => id === painting.chosen.peek());
  return chosen?.kind === "ambient" ? undefined : "ambient";
}

/** A corner more, or the first one again: then it is closed. */
export function corner(painting: Painting, { at, time, look, extent }: Touch): void {
  const { sketched } = painting;
  const [first] = sketched.peek();
  if (first !== undefined && sketched.peek().length > 2) {
    const [a, b] = [toStage(first, look, extent), toStage(at, look, extent)];
    if (Math.hypot(a.x - b.x, a.y - b.y) < NEAR) {
      painting.close();
      return;
    }
  }
  sketched.value = [...sketched.peek(), { ...at, time }];
}

function strokeDrag(painting: Painting, { at, on, time, look, extent }: Touch): Drag {
  const chosen = painting.drawing.peek().layers.find(({ id }) => id === painting.chosen.peek());
  const near = chosen?.points.findIndex((point) => {
    const there = toStage(point, look, extent);
    return Math.hypot(there.x - on.x, there.y - on.y) < NEAR;
  });
  if (chosen !== undefined && near !== undefined && near >= 0) {
    return {
      move: (now) => painting.set(chosen.id, { points: bent(painting, chosen.id, near, now.at) }, "bend"),
      lift: () => undefined,
      cancel: () => undefined,
    };
  }
  painting.sketched.value = [{ ...at, time }];
  return {
    move: (now) => {
      painting.sketched.value = [...painting.sketched.peek(), { ...now.at, time: now.time }];
    },
    lift: painting.go,
    cancel: painting.cancel,
  };
}

/** The points of a stroke with one of them elsewhere. */
export function bent(painting: Painting, id: number, index: number, to: XY): readonly XY[] {
  const points = painting.drawing.peek().layers.find((one) => one.id === id)?.points ?? [];
  const tidy = (value: number): number => Number(value.toFixed(4));
  return points.with(index, { x: tidy(to.x), y: tidy(to.y) });
}

/** The moves with the chosen one, or with a first one that does nothing yet. */
export function movesOf(painting: Painting): { readonly moves: readonly Move[]; readonly index: number } {
  const { cameras } = painting.drawing.peek();
  if (cameras.length === 0) return { moves: [STILL_MOVE], index: 0 };
  return { moves: cameras, index: Math.min(painting.camera.peek(), cameras.length - 1) };
}

/** The camera looks at a place of the picture, 0..1. */
export function lookAt(painting: Painting, place: XY, ratio: number, tag: string): void {
  const { moves, index } = movesOf(painting);
  const frames = Math.max(1, painting.frames.peek());
  const from = { x: place.x - 0.5, y: (place.y - 0.5) * ratio };
  const at = { frame: frames - 1, frames, ratio };
  const found = lookedAt(moves, index, from, painting.carrying.peek(), at);
  if (found !== undefined) painting.film(moves.with(index, found), tag);
}

/** Where the last frame's centre lies in the picture, 0..1. */
export function lookedAtNow(painting: Painting, ratio: number): XY {
  const frames = Math.max(1, painting.frames.peek());
  const { x, y } = centreOf(painting.drawing.peek().cameras, frames - 1, frames, ratio);
  return { x: x + 0.5, y: y / ratio + 0.5 };
}

function cameraDrag(painting: Painting, { at, on, look, extent, time }: Touch): Drag {
  const ratio = extent.height / extent.width;
  const { corners, turn } = grips(painting, look, extent);
  const { moves, index } = movesOf(painting);
  const first = moves[index] ?? STILL_MOVE;
  const centre = lookedAtNow(painting, ratio);
  const middle = toStage(centre, look, extent);
  const tag = `box ${time}`;
  const put = (move: Move): void => painting.film(moves.with(index, move), tag);
  const near = (grip: XY): boolean => Math.hypot(grip.x - on.x, grip.y - on.y) < NEAR;
  const angle = (to: XY): number => Math.atan2(to.y - middle.y, to.x - middle.x) * (180 / Math.PI);
  let move = (now: Touch): void => {
    const place = { x: centre.x + now.at.x - at.x, y: centre.y + now.at.y - at.y };
    lookAt(painting, place, ratio, tag);
  };
  if (near(turn)) move = (now) => put(turned(first, angle(now.on) - angle(on)));
  else if (corners.some(near)) {
    const began = Math.max(1, Math.hypot(on.x - middle.x, on.y - middle.y));
    move = (now) => put(resized(first, Math.hypot(now.on.x - middle.x, now.on.y - middle.y) / began));
  }
  return {
    move,
    lift: () => undefined,
    cancel: () => painting.film(moves, tag),
  };
}
