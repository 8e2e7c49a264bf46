/** A stroke's way: from what the pointer drew to the few points that the protocol carries. */
import type { XY } from "./camera";

/** A place of the pointer, in fractions of the picture's width and height. */
export interface Sample extends XY {
  /** Milliseconds. */
  readonly time: number;
}

/** How fast the region goes along its way: evenly, or as the hand drew it. */
export type Timing = "even" | "drawn";

/** Fractions of the picture's width that a hand may shake. */
const SHAKE = 0.004;
const COUNTS = [2, 3, 4, 5, 6, 8, 11, 16, 23, 32, 48, 64];

/**
 * The place on a way at a share 0..1 of its time, as the server has it.
 *
 * Monotone cubic through points that are equally spaced in time (Fritsch and Carlson 1980).
 */
export function wayAt(points: readonly XY[], share: number): XY {
  const [only] = points;
  if (only === undefined) return { x: 0, y: 0 };
  if (points.length === 1) return only;
  const at = Math.min(Math.max(share, 0), 1) * (points.length - 1);
  const k = Math.min(Math.floor(at), points.length - 2);
  const value = (axis: "x" | "y"): number => cubic(points.map((p) => p[axis]), k, at - k);
  return { x: value("x"), y: value("y") };
}

function cubic(knots: readonly number[], k: number, u: number): number {
  const [from = 0, to = 0] = [knots[k], knots[k + 1]];
  const [start, end] = [slope(knots, k), slope(knots, k + 1)];
  return (
    (2 * u ** 3 - 3 * u ** 2 + 1) * from + (u ** 3 - 2 * u ** 2 + u) * start +
    (3 * u ** 2 - 2 * u ** 3) * to + (u ** 3 - u ** 2) * end
  );
}

function slope(knots: readonly number[], k: number): number {
  const step = (n: number): number => (knots[n + 1] ?? 0) - (knots[n] ?? 0);
  if (k === 0) return step(0);
  if (k === knots.length - 1) return step(k - 1);
  const [came, goes] = [step(k - 1), step(k)];
  if (came * goes <= 0) return 0;
  const harmonic = (3 * came * goes) / (came + goes);
  return Math.sign((came + goes) / 2) * Math.min(Math.abs(came + goes) / 2, Math.abs(harmonic));
}

/**
 * The points of a drawn way, at least two, equally spaced in time, as few as follow it.
 *
 * `ratio` is the picture's height / width: distances are widths on both axes.
 */
export function pointsOf(drawn: readonly Sample[], timing: Timing, ratio: number): XY[] {
  const calm = simplified(drawn, SHAKE, ratio);
  const clock = timing === "even" ? byLength(calm, ratio) : byTime(calm);
  const [first, last] = [calm[0], calm.at(-1)];
  if (first === undefined || last === undefined) return [];
  let points: XY[] = [];
  for (const count of COUNTS) {
    points = Array.from({ length: count }, (_, n) => along(calm, clock, n / (count - 1)));
    if (deviation(points, calm, clock, ratio) <= SHAKE) break;
  }
  return points.map(({ x, y }) => ({ x: Number(x.toFixed(4)), y: Number(y.toFixed(4)) }));
}

/** Ramer, Douglas and Peucker: leaves out what lies within `tolerance` widths of the rest. */
export function simplified<T extends XY>(drawn: readonly T[], tolerance: number, ratio: number): T[] {
  const [first, last] = [drawn[0], drawn.at(-1)];
  if (first === undefined || last === undefined || drawn.length < 3) return [...drawn];
  let [worst, at] = [0, 0];
  drawn.forEach((place, n) => {
    const away = distance(place, first, last, ratio);
    if (away > worst) [worst, at] = [away, n];
  });
  if (worst <= tolerance) return [first, last];
  const head = simplified(drawn.slice(0, at + 1), tolerance, ratio);
  return [...head.slice(0, -1), ...simplified(drawn.slice(at), tolerance, ratio)];
}

function distance(place: XY, from: XY, to: XY, ratio: number): number {
  const [dx, dy] = [to.x - from.x, (to.y - from.y) * ratio];
  const [px, py] = [place.x - from.x, (place.y - from.y) * ratio];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
  return Math.hypot(px - share * dx, py - share * dy);
}

/** When, 0..1, a way passes each of its places. */
type Clock = readonly number[];

function byLength(places: readonly XY[], ratio: number): Clock {
  let length = 0;
  const lengths = places.map((place, n) => {
    const before = places[n - 1] ?? place;
    length += Math.hypot(place.x - before.x, (place.y - before.y) * ratio);
    return length;
  });
  return lengths.map((at) => (length === 0 ? 0 : at / length));
}

function byTime(places: readonly Sample[]): Clock {
  const start = places[0]?.time ?? 0;
  const whole = (places.at(-1)?.time ?? 0) - start;
  return places.map(({ time }) => (whole <= 0 ? 0 : (time - start) / whole));
}

function along(places: readonly XY[], clock: Clock, share: number): XY {
  const last = places.length - 1;
  const found = clock.findIndex((time, n) => n > 0 && time >= share);
  const next = found < 0 ? last : found;
  const [a, b] = [places[Math.max(0, next - 1)], places[next]];
  if (a === undefined || b === undefined) return { x: 0, y: 0 };
  const [from = 0, to = 0] = [clock[Math.max(0, next - 1)], clock[next]];
  const f = to > from ? Math.min(1, Math.max(0, (share - from) / (to - from))) : 1;
  return { x: a.x + f * (b.x - a.x), y: a.y + f * (b.y - a.y) };
}

function deviation(points: readonly XY[], places: readonly XY[], clock: Clock, ratio: number): number {
  const checks = 64;
  let worst = 0;
  for (let n = 0; n <= checks; n += 1) {
    const [is, should] = [wayAt(points, n / checks), along(places, clock, n / checks)];
    worst = Math.max(worst, Math.hypot(is.x - should.x, (is.y - should.y) * ratio));
  }
  return worst;
}
