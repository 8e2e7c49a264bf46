import { describe, expect, it } from "vitest";

import { pointsOf, simplified, wayAt, type Sample } from "../../../src/paint/strokes";

const RATIO = 0.5625;
const STRAIGHT: readonly Sample[] = Array.from({ length: 30 }, (_, n) => ({
  x: 0.2 + 0.02 * n, y: 0.5 + (n % 2 === 0 ? 0.002 : -0.002), time: 10 * n,
}));
const ARC: readonly Sample[] = Array.from({ length: 60 }, (_, n) => ({
  x: 0.5 - 0.3 * Math.cos((n * Math.PI) / 59), y: 0.8 - 0.5 * Math.sin((n * Math.PI) / 59), time: 8 * n,
}));

describe("a stroke's way", () => {
  it("passes where the server's engine passes", () => {
    // Printed by secondunit.engine.strokes.path for the same points.
    const points = [[0.2, 0.55], [0.35, 0.5], [0.6, 0.52], [0.6, 0.8]].map(([x = 0, y = 0]) => ({ x, y }));
    const server: readonly (readonly [number, number, number])[] = [
      [0, 0.2, 0.55], [0.1, 0.24185, 0.53185], [0.4, 0.4016, 0.500288], [0.5, 0.5, 0.503],
      [0.77, 0.6, 0.573739616], [1, 0.6, 0.8],
    ];
    for (const [share, x, y] of server) {
      expect(wayAt(points, share).x).toBeCloseTo(x, 8);
      expect(wayAt(points, share).y).toBeCloseTo(y, 8);
    }
  });

  it("drawn straight by a hand that shakes has two points", () => {
    expect(pointsOf(STRAIGHT, "even", RATIO)).toHaveLength(2);
  });

  it("drawn as an arc has few points, and goes where it was drawn", () => {
    const points = pointsOf(ARC, "even", RATIO);
    expect(points.length).toBeLessThanOrEqual(16);
    for (let n = 0; n <= 40; n += 1) {
      const { x, y } = wayAt(points, n / 40);
      const away = Math.min(...ARC.map((at) => Math.hypot(at.x - x, (at.y - y) * RATIO)));
      expect(away).toBeLessThan(0.012);
    }
  });

  it("at an even speed has points that lie evenly apart", () => {
    const hurried = ARC.map((at, n) => ({ ...at, time: n < 30 ? n : 1000 + 100 * n }));
    const points = pointsOf(hurried, "even", RATIO);
    const steps = points.slice(1).map((at, n) => {
      const before = points[n] ?? at;
      return Math.hypot(at.x - before.x, (at.y - before.y) * RATIO);
    });
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.25);
  });

  it("as the hand drew it is slow where the hand was slow", () => {
    const slow = STRAIGHT.map((at, n) => ({ ...at, y: n < 15 ? 0.5 : 0.5 + 0.01 * (n - 15), time: n < 15 ? 40 * n : 560 + 5 * n }));
    const points = pointsOf(slow, "drawn", RATIO);
    expect(wayAt(points, 0.5).x).toBeLessThan(0.42);
    expect(wayAt(pointsOf(slow, "even", RATIO), 0.5).x).toBeGreaterThan(0.45);
  });

  it("keeps its ends when it is simplified", () => {
    const kept = simplified(ARC, 0.01, RATIO);
    expect([kept[0], kept.at(-1)]).toEqual([ARC[0], ARC.at(-1)]);
    expect(kept.length).toBeLessThan(20);
  });
});
