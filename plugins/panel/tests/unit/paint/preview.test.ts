import { describe, expect, it } from "vitest";

import { line, polygon } from "../../../src/paint/brush";
import { layer, STILL_MOVE, type Drawing } from "../../../src/paint/drawing";
import { draw, isStill, sceneOf, type Still } from "../../../src/paint/preview";
import { fill, raster, type Raster } from "../../../src/paint/raster";

const [WIDTH, HEIGHT] = [96, 54];
const FRAMES = 9;

/** Blue, with a red square from (20, 20) to (30, 30). */
function still(): Still {
  const rgba = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i += 1) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    const inside = x >= 20 && x < 30 && y >= 20 && y < 30;
    rgba.set(inside ? [220, 20, 20, 255] : [20, 40, 180, 255], 4 * i);
  }
  return { width: WIDTH, height: HEIGHT, rgba };
}

function square(): Raster {
  const mask = raster(2 * WIDTH, 2 * HEIGHT);
  polygon(mask, [{ x: 36, y: 36 }, { x: 64, y: 36 }, { x: 64, y: 64 }, { x: 36, y: 64 }], 1);
  return mask;
}

function shown(drawing: Drawing, frame: number): (x: number, y: number) => readonly number[] {
  const into = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  draw(sceneOf(still(), drawing, FRAMES), frame, into);
  return (x, y) => [...into.subarray(4 * (y * WIDTH + x), 4 * (y * WIDTH + x) + 3)];
}

const RED = [220, 20, 20];
const BLUE = [20, 40, 180];
const ACROSS = [{ x: 0.25, y: 0.5 }, { x: 0.75, y: 0.5 }];

describe("the preview", () => {
  it("of nothing is the still", () => {
    expect(isStill(sceneOf(still(), { layers: [], cameras: [] }, FRAMES))).toBe(true);
    expect(shown({ layers: [], cameras: [] }, 5)(25, 25)).toEqual(RED);
  });

  it("carries a stroke's region along, and draws in what was behind it", () => {
    const drawing = { layers: [layer("stroke", { region: square(), points: ACROSS })], cameras: [] };
    const [half, end] = [shown(drawing, 4), shown(drawing, 8)];
    expect(half(25 + 24, 25)).toEqual(RED);
    expect(end(25 + 48, 25)).toEqual(RED);
    expect(end(25, 25)[0]).toBeLessThan(40);
    expect(end(80, 50)).toEqual(BLUE);
  });

  it("goes half the way at half the strength, and nowhere before its frames", () => {
    const half = layer("stroke", { region: square(), points: ACROSS, strength: 0.5 });
    expect(shown({ layers: [half], cameras: [] }, 8)(25 + 24, 25)).toEqual(RED);
    const late = layer("stroke", { region: square(), points: ACROSS, over: { start: 5, frames: 4 } });
    expect(shown({ layers: [late], cameras: [] }, 5)(25, 25)).toEqual(RED);
    expect(shown({ layers: [late], cameras: [] }, 8)(25 + 48, 25)).toEqual(RED);
  });

  it("stretches a soft edge, and leaves nothing where the middle was", () => {
    const region = raster(2 * WIDTH, 2 * HEIGHT);
    const middle = { x: 50, y: 50, pressure: 1 };
    line(region, { radius: 30, hardness: 0.7, level: 1 }, middle, middle);
    const end = shown({ layers: [layer("stroke", { region, points: ACROSS })], cameras: [] }, 8);
    expect(end(25 + 48, 25)).toEqual(RED);
    expect(end(25, 25)[0]).toBeLessThan(40);
  });

  it("changes nothing outside the mask", () => {
    const mask = raster(2 * WIDTH, 2 * HEIGHT);
    line(mask, { radius: 30, hardness: 1, level: 1 }, { x: 50, y: 50, pressure: 1 }, { x: 50, y: 50, pressure: 1 });
    const drawing = {
      layers: [layer("mask", { region: mask }), layer("stroke", { region: square(), points: ACROSS })],
      cameras: [],
    };
    const end = shown(drawing, 8);
    expect(end(25 + 48, 25)).toEqual(BLUE);
    expect(end(25, 25)[0]).toBeLessThan(40);
  });

  it("takes the shot's mask for a stroke without a region", () => {
    const drawing = {
      layers: [layer("mask", { region: fullMask() }), layer("stroke", { points: ACROSS })],
      cameras: [],
    };
    expect(shown(drawing, 8)(25 + 48, 25)).toEqual(RED);
  });

  it("moves the picture to the left when the camera goes right", () => {
    const drawing = { layers: [], cameras: [{ ...STILL_MOVE, truck: 10 }] };
    expect(shown(drawing, 0)(25, 25)).toEqual(RED);
    expect(shown(drawing, 8)(18, 25)).toEqual(RED);
    expect(shown(drawing, 8)(28, 25)).toEqual(BLUE);
  });

  it("sways where ambient motion was painted, and nowhere else", () => {
    const whole = fullMask();
    const edge = (frame: number, region: Raster): number =>
      shown({ layers: [layer("ambient", { region, strength: 1 })], cameras: [] }, frame)(30, 25)[0] ?? 0;
    const seen = [1, 3, 5, 8].map((frame) => edge(frame, whole));
    expect(edge(0, whole)).toBe(20);
    expect(new Set(seen).size).toBeGreaterThan(1);
    expect(edge(5, raster(2 * WIDTH, 2 * HEIGHT))).toBe(20);
  });
});

function fullMask(): Raster {
  const mask = raster(2 * WIDTH, 2 * HEIGHT);
  fill(mask, 255);
  return mask;
}
