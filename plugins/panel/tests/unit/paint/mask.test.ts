import { describe, expect, it } from "vitest";

import { line, polygon, type Brush } from "../../../src/paint/brush";
import { png } from "../../../src/paint/png";
import {
  coverage, feather, fill, fromRgba, invert, isEmpty, meet, raster, shrunk, whole, type Raster,
} from "../../../src/paint/raster";
import { exchange, past, recorder } from "../../../src/paint/undo";

const HARD: Brush = { radius: 10, hardness: 1, level: 1 };

function at(mask: Raster, x: number, y: number): number {
  return mask.data[y * mask.width + x] ?? NaN;
}

function dot(x: number, y: number): { readonly x: number; readonly y: number; readonly pressure: number } {
  return { x, y, pressure: 1 };
}

describe("the brush", () => {
  it("paints a disc of its radius", () => {
    const mask = raster(64, 64);
    line(mask, HARD, dot(32, 32), dot(32, 32));
    expect(coverage(mask) * 64 * 64).toBeCloseTo(Math.PI * 100, -1);
    expect(at(mask, 32, 32)).toBe(255);
    expect(at(mask, 32, 45)).toBe(0);
  });

  it("is no lighter where its lines cross, and no darker where grey crosses white", () => {
    const mask = raster(64, 64);
    const grey = { ...HARD, level: 0.5 };
    line(mask, grey, dot(10, 32), dot(54, 32));
    line(mask, grey, dot(32, 10), dot(32, 54));
    expect(at(mask, 32, 32)).toBe(128);
    line(mask, HARD, dot(32, 32), dot(32, 32));
    line(mask, grey, dot(32, 32), dot(32, 32));
    expect(at(mask, 32, 32)).toBe(255);
  });

  it("is thin where the pen is pressed less", () => {
    const mask = raster(128, 64);
    line(mask, HARD, { x: 20, y: 32, pressure: 0.2 }, { x: 108, y: 32, pressure: 1 });
    expect(at(mask, 24, 26)).toBe(0);
    expect(at(mask, 104, 26)).toBe(255);
  });

  it("soft, goes over to nothing without a step", () => {
    const mask = raster(64, 64);
    line(mask, { radius: 20, hardness: 0, level: 1 }, dot(32.5, 32.5), dot(32.5, 32.5));
    const row = Array.from({ length: 20 }, (_, n) => at(mask, 32 + n, 32));
    expect(row[0]).toBe(255);
    row.slice(1).forEach((value, n) => {
      const before = row[n] ?? 0;
      expect(before - value).toBeGreaterThanOrEqual(0);
      expect(before - value).toBeLessThan(24);
    });
  });

  it("takes away what it would have painted", () => {
    const mask = raster(64, 64);
    line(mask, HARD, dot(10, 32), dot(54, 32));
    line(mask, { ...HARD, radius: 12 }, dot(10, 32), dot(54, 32), true);
    expect(isEmpty(mask)).toBe(true);
  });

  it("may leave the picture", () => {
    const mask = raster(16, 16);
    line(mask, HARD, dot(-50, -50), dot(8, 100));
    expect(mask.data.length).toBe(256);
  });
});

describe("a polygon", () => {
  const SQUARE = [{ x: 8, y: 8 }, { x: 24, y: 8 }, { x: 24, y: 24 }, { x: 8, y: 24 }];

  it("fills what lies inside", () => {
    const mask = raster(32, 32);
    polygon(mask, SQUARE, 1);
    expect(coverage(mask) * 32 * 32).toBeCloseTo(256, 6);
    expect([at(mask, 8, 8), at(mask, 23, 23), at(mask, 24, 16)]).toEqual([255, 255, 0]);
  });

  it("has smooth edges where it cuts through pixels", () => {
    const mask = raster(32, 32);
    polygon(mask, SQUARE.map(({ x, y }) => ({ x: x + 0.5, y })), 1);
    expect(at(mask, 8, 16)).toBe(128);
  });

  it("that crosses itself leaves its middle out", () => {
    const star = [0, 2, 4, 1, 3].map((n) => ({
      x: 32 + 30 * Math.sin((n * 2 * Math.PI) / 5), y: 32 - 30 * Math.cos((n * 2 * Math.PI) / 5),
    }));
    const mask = raster(64, 64);
    polygon(mask, star, 1);
    expect([at(mask, 32, 32), at(mask, 32, 10)]).toEqual([0, 255]);
  });
});

describe("a whole mask", () => {
  it("inverted twice is what it was", () => {
    const mask = raster(8, 8);
    line(mask, { ...HARD, radius: 3, hardness: 0.2 }, dot(4, 4), dot(4, 4));
    const was = mask.data.slice();
    invert(mask);
    expect(mask.data[0]).toBe(255 - (was[0] ?? 0));
    invert(mask);
    expect(mask.data).toEqual(was);
  });

  it.each([1.5, 4, 9])("feathered by %d pixels has the edge of a Gaussian", (sigma) => {
    const mask = raster(128, 8);
    polygon(mask, [{ x: 64, y: 0 }, { x: 128, y: 0 }, { x: 128, y: 8 }, { x: 64, y: 8 }], 1);
    feather(mask, sigma);
    // The share of a Gaussian on this side of the edge, by its series (Abramowitz and Stegun 7.1.26).
    const share = (x: number): number => {
      const z = Math.abs(x) / (sigma * Math.SQRT2);
      const t = 1 / (1 + 0.3275911 * z);
      const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
      const erf = Math.sign(x) * (1 - tail * Math.exp(-z * z));
      return (1 + erf) / 2;
    };
    for (let x = 40; x < 88; x += 1) {
      expect(Math.abs(at(mask, x, 4) / 255 - share(x + 0.5 - 64))).toBeLessThan(0.03);
    }
  });

  it("knows whether another one meets it", () => {
    const [one, other] = [raster(32, 32), raster(32, 32)];
    line(one, { ...HARD, radius: 4 }, dot(8, 8), dot(8, 8));
    line(other, { ...HARD, radius: 4 }, dot(24, 24), dot(24, 24));
    expect(meet(one, other)).toBe(false);
    fill(other, 255);
    expect(meet(one, other)).toBe(true);
  });

  it("keeps its light when it is shrunk", () => {
    const mask = raster(64, 32);
    polygon(mask, [{ x: 0, y: 0 }, { x: 32, y: 0 }, { x: 32, y: 32 }, { x: 0, y: 32 }], 1);
    const small = shrunk(mask, 10, 5);
    expect(small.reduce((sum, value) => sum + value, 0) / 50).toBeCloseTo(0.5, 2);
    expect([small[0], small[9]]).toEqual([1, 0]);
  });
});

describe("undo", () => {
  it("brings back every pixel, and redo does it again", () => {
    const mask = raster(200, 150);
    line(mask, { ...HARD, hardness: 0.3 }, dot(20, 20), dot(150, 100));
    const first = mask.data.slice();
    const steps = past<string>();
    const record = recorder(mask);
    record.touch({ left: 90, top: 30, right: 190, bottom: 140 });
    line(mask, HARD, dot(120, 60), dot(170, 110), true);
    const second = mask.data.slice();
    expect(second).not.toEqual(first);
    steps.push({ before: "first", after: "second", patch: record.patch });
    expect(steps.undo()).toBe("first");
    expect(mask.data).toEqual(first);
    expect(steps.redo()).toBe("second");
    expect(mask.data).toEqual(second);
    expect(steps.redo()).toBeUndefined();
  });

  it("forgets the oldest steps before it takes more memory than it may", () => {
    const mask = raster(256, 256);
    const steps = past<number>(40_000);
    for (let n = 0; n < 10; n += 1) {
      const record = recorder(mask);
      record.touch(whole(mask));
      for (let i = 0; i < mask.data.length; i += 7) mask.data[i] = n + i;
      steps.push({ before: n, after: n + 1, patch: record.patch });
    }
    expect(steps.depth).toBe(1);
    expect(steps.undo()).toBe(9);
  });

  it("of a plain tile keeps a number", () => {
    const mask = raster(256, 256);
    const record = recorder(mask);
    record.touch(whole(mask));
    fill(mask, 255);
    expect([...record.patch.tiles.values()].every((tile) => tile === 0)).toBe(true);
    expect(exchange(record.patch)).toEqual(whole(mask));
    expect(isEmpty(mask)).toBe(true);
  });
});

describe("a mask's file", () => {
  it("is a PNG of 8-bit grey with the mask's own pixels", async () => {
    const mask = raster(33, 17);
    line(mask, { radius: 6, hardness: 0.1, level: 0.8 }, dot(9, 8), dot(22, 9));
    const bytes = new Uint8Array(await (await png(mask)).arrayBuffer());
    expect([...bytes.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(16), view.getUint32(20), bytes[24], bytes[25]]).toEqual([33, 17, 8, 0]);
    const size = view.getUint32(33);
    const squeezed = bytes.slice(41, 41 + size);
    const stream = new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const rows = new Uint8Array(await new Response(stream).arrayBuffer());
    const back = new Uint8Array(33 * 17);
    for (let y = 0; y < 17; y += 1) {
      expect(rows[y * 34]).toBe(2);
      for (let x = 0; x < 33; x += 1) {
        const above = y === 0 ? 0 : (back[(y - 1) * 33 + x] ?? 0);
        back[y * 33 + x] = (rows[y * 34 + 1 + x] ?? 0) + above;
      }
    }
    expect(back).toEqual(mask.data);
  });

  it("read from a picture is its luma", () => {
    const rgba = Uint8ClampedArray.from([255, 255, 255, 255, 0, 0, 0, 255, 128, 128, 128, 255]);
    expect([...fromRgba(rgba, 3, 1).data]).toEqual([255, 0, 128]);
  });
});
