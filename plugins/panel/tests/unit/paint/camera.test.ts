import { describe, expect, it } from "vitest";

import { atFrame, carry, eased, type Move } from "../../../src/paint/camera";
import { boxOf, centreOf, lookedAt, resized, turned } from "../../../src/paint/camerabox";
import { STILL_MOVE } from "../../../src/paint/drawing";
import { Ease } from "../../../src/proto/secondunit/v1/shots_pb";

const RATIO = 0.5625;
const SWEEP: Move = {
  pan: 6, tilt: -2, roll: 3, truck: 5, pedestal: -4, dolly: 10, zoom: 1.2, fov: 35, ease: Ease.IN_OUT,
};
const TURN: Move = {
  ...STILL_MOVE, pan: -12, tilt: 7, zoom: 0.8, ease: Ease.OUT,
  over: { start: 4, frames: 9 },
};
// Printed by secondunit.engine.camera.at_frame for the same moves, frames and ratio.
const SERVER: readonly (readonly [moves: readonly Move[], frame: number, matrix: readonly number[]])[] = [
  [[SWEEP], 7, [
    1.06689902, -0.01243183, -0.047851806, 0.012109655, 1.067304981, -0.017239983, 0.015670795,
    0.005022995, 0.999701114,
  ]],
  [[SWEEP, TURN], 10, [
    0.900567182, -0.01706798, 0.139669816, 0.001657826, 0.908522305, 0.096362153, -0.137465422,
    -0.084709456, 0.988882478,
  ]],
  [[TURN], 23, [
    0.782518081, 0, 0.22293403, -0.020270449, 0.794036921, 0.127819267, -0.153965051, -0.090925773,
    0.970856637,
  ]],
];

describe("a camera move", () => {
  it.each(SERVER)("takes the picture where the server's engine takes it", (moves, frame, matrix) => {
    const found = atFrame(moves, frame, 24, RATIO);
    found.forEach((value, n) => expect(value).toBeCloseTo(matrix[n] ?? NaN, 8));
  });

  it("starts and stops as its ease says", () => {
    const eases = [Ease.LINEAR, Ease.IN, Ease.OUT, Ease.IN_OUT];
    const shares = [0.3, 0.09, 0.51, 0.216];
    eases.forEach((ease, n) => expect(eased(0.3, ease)).toBeCloseTo(shares[n] ?? NaN, 9));
  });

  it("to the right moves the picture to the left", () => {
    const moved = carry(atFrame([{ ...STILL_MOVE, pan: 5 }], 23, 24, RATIO), { x: 0, y: 0 });
    expect(moved.x).toBeLessThan(-0.05);
    expect(moved.y).toBeCloseTo(0, 9);
  });
});

describe("the box of what the last frame sees", () => {
  const at = { frame: 23, frames: 24, ratio: RATIO };

  it("is half as wide at twice the zoom", () => {
    const [one, two] = boxOf([{ ...STILL_MOVE, zoom: 2 }], 23, 24, RATIO);
    expect(one?.x).toBeCloseTo(-0.25, 9);
    expect(two?.x).toBeCloseTo(0.25, 9);
  });

  it.each(["travel", "turn"] as const)("dragged, gives the numbers of the %s to its place", (by) => {
    const moves = [{ ...SWEEP, truck: 0, pedestal: 0 }, { ...STILL_MOVE, zoom: 1.3 }];
    const place = { x: 0.08, y: -0.05 };
    const found = lookedAt(moves, 1, place, by, at);
    expect(found).toBeDefined();
    if (found === undefined) return;
    const centre = centreOf([SWEEP, found].with(0, moves[0] ?? SWEEP), 23, 24, RATIO);
    // The numbers are rounded to a tenth of a per cent or degree.
    expect(Math.hypot(centre.x - place.x, centre.y - place.y)).toBeLessThan(0.0015);
  });

  it("to the right of the middle is a truck to the right", () => {
    const found = lookedAt([STILL_MOVE], 0, { x: 0.1, y: -0.05 }, "travel", at);
    expect(found?.truck).toBeCloseTo(10, 6);
    expect(found?.pedestal).toBeCloseTo((100 * 0.05) / RATIO, 1);
  });

  it("made smaller is a zoom, turned clockwise turns the picture the other way", () => {
    expect(resized(STILL_MOVE, 0.5).zoom).toBe(2);
    expect(turned(STILL_MOVE, 30).roll).toBe(-30);
    expect(turned({ ...STILL_MOVE, roll: -170 }, 30).roll).toBe(160);
  });
});
