/** Frames and ticks: every broadcast rate is exact. */
import { expect, test } from "vitest";

import { frameAt, overlap, rangeOf, rateOfNumber, rateOfTicks, ticksOf, timecodeOf } from "../../src/ticks";

const TABLE = [
  { shown: 23.976, num: 24000, den: 1001, ticks: 10_594_584_000n },
  { shown: 24, num: 24, den: 1, ticks: 10_584_000_000n },
  { shown: 25, num: 25, den: 1, ticks: 10_160_640_000n },
  { shown: 29.97, num: 30000, den: 1001, ticks: 8_475_667_200n },
  { shown: 30, num: 30, den: 1, ticks: 8_467_200_000n },
  { shown: 50, num: 50, den: 1, ticks: 5_080_320_000n },
  { shown: 59.94, num: 60000, den: 1001, ticks: 4_237_833_600n },
  { shown: 60, num: 60, den: 1, ticks: 4_233_600_000n },
];

test.each(TABLE)("a frame at $shown is $ticks ticks, and an hour of them is exact", ({ shown, num, den, ticks }) => {
  const rate = { num, den };
  expect(ticksOf(1, rate)).toBe(ticks);
  const hour = 3600 * Math.round(num / den);
  expect(ticksOf(hour, rate)).toBe(ticks * BigInt(hour));
  expect(frameAt(ticks * BigInt(hour), rate)).toBe(hour);
  expect(frameAt(ticks * BigInt(hour) - 1n, rate)).toBe(hour); // the last bit of a rounded time
  expect(frameAt(ticks * BigInt(hour) - ticks / 2n, rate)).toBe(hour - 1);
  expect(rateOfTicks(ticks)).toEqual(rate);
  expect(rateOfNumber(shown)).toEqual(rate);
});

test("a rate that Premiere rounds otherwise is found, and one of its own is kept", () => {
  expect(rateOfNumber(23.98)).toEqual({ num: 24000, den: 1001 });
  expect(rateOfNumber(23.976023976)).toEqual({ num: 24000, den: 1001 });
  expect(rateOfNumber(12.5)).toEqual({ num: 25, den: 2 });
  expect(rateOfNumber(0)).toBeUndefined();
  expect(rateOfNumber(Number.NaN)).toBeUndefined();
  expect(rateOfTicks(0n)).toBeUndefined();
});

test("times before frame 0 are before it", () => {
  expect(frameAt(-1n, { num: 25, den: 1 })).toBe(0);
  expect(frameAt(-254_016_000_000n, { num: 25, den: 1 })).toBe(-25);
});

test("a range ends before its end", () => {
  const range = rangeOf(10n * 10_160_640_000n, 20n * 10_160_640_000n, { num: 25, den: 1 });
  expect(range).toEqual({ start: 10, frames: 10 });
  expect(overlap(range, { start: 20, frames: 5 })).toBe(false);
  expect(overlap(range, { start: 19, frames: 1 })).toBe(true);
});

test("drop frame leaves out two numbers a minute but not every tenth, as SMPTE 12-1 has it", () => {
  const rate = { num: 30000, den: 1001 };
  expect(timecodeOf(1799, rate, true)).toBe("00:00:59;29");
  expect(timecodeOf(1800, rate, true)).toBe("00:01:00;02");
  expect(timecodeOf(17_982, rate, true)).toBe("00:10:00;00");
  expect(timecodeOf(107_892, rate, true)).toBe("01:00:00;00");
  expect(timecodeOf(3596 + 4, { num: 60000, den: 1001 }, true)).toBe("00:01:00;04");
  expect(timecodeOf(90_000, { num: 25, den: 1 }, false)).toBe("01:00:00:00");
});
