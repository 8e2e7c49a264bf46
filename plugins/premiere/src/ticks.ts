/** Premiere's clock in whole frames: ticks are 254016000000 a second, and travel as decimal text. */
import type { FrameRange, Rate } from "../../panel/src/proto/secondunit/v1/units_pb";

export type Range = Pick<FrameRange, "start" | "frames">;
export type Pace = Pick<Rate, "num" | "den">;

export const TICKS_A_SECOND = 254_016_000_000n;

/** Frame rates that Premiere names by a rounded number, as they are. */
const NTSC = [24_000, 30_000, 48_000, 60_000, 120_000].map((num) => ({ num, den: 1001 }));
/** How far a rounded rate is from the true one: 23.98 for 24000/1001. */
const ROUNDED = 0.006;

/** The ticks of a frame's beginning, counted from frame 0. Exact for every broadcast rate. */
export function ticksOf(frame: number, rate: Pace): bigint {
  const whole = BigInt(frame) * TICKS_A_SECOND * BigInt(rate.den);
  return floor(whole, BigInt(rate.num));
}

/** The frame that a time lies in; what is short of a frame by less than a part in a thousand is it. */
export function frameAt(ticks: bigint, rate: Pace): number {
  const tolerance = floor(TICKS_A_SECOND * BigInt(rate.den), BigInt(rate.num) * 1000n);
  return Number(floor((ticks + tolerance) * BigInt(rate.num), TICKS_A_SECOND * BigInt(rate.den)));
}

/** The frames from one time up to, and without, another. */
export function rangeOf(from: bigint, to: bigint, rate: Pace): Range {
  const start = frameAt(from, rate);
  return { start, frames: frameAt(to, rate) - start };
}

export function endOf(range: Range): number {
  return range.start + range.frames;
}

export function overlap(one: Range, other: Range): boolean {
  return one.start < endOf(other) && other.start < endOf(one);
}

/** The rate of a sequence, from the ticks of one of its frames. Undefined: no rate at all. */
export function rateOfTicks(ticksPerFrame: bigint): Pace | undefined {
  if (ticksPerFrame <= 0n) return undefined;
  const shared = divisor(TICKS_A_SECOND, ticksPerFrame);
  return { num: Number(TICKS_A_SECOND / shared), den: Number(ticksPerFrame / shared) };
}

/** The rate that a number means: 23.976 is 24000/1001. Undefined: no rate at all. */
export function rateOfNumber(value: number): Pace | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined;
  const near = Math.round(value);
  if (Math.abs(near - value) < 1e-4) return { num: near, den: 1 };
  const ntsc = NTSC.find(({ num, den }) => Math.abs(num / den - value) < ROUNDED);
  if (ntsc !== undefined) return ntsc;
  const thousandths = Math.round(value * 1000);
  const shared = Number(divisor(BigInt(thousandths), 1000n));
  return { num: thousandths / shared, den: 1000 / shared };
}

/** `HH:MM:SS:FF` of a frame; with `;` and the numbers that drop frame leaves out. */
export function timecodeOf(frame: number, rate: Pace, drop: boolean): string {
  const nominal = Math.round(rate.num / rate.den);
  let count = frame;
  if (drop) {
    const left = nominal / 15; // numbers left out of each minute but every tenth: 2 at 29.97
    const tenMinutes = nominal * 600 - left * 9;
    const minute = nominal * 60 - left;
    const tens = Math.floor(count / tenMinutes);
    const rest = count % tenMinutes;
    count += tens * left * 9 + (rest < left ? 0 : left * Math.floor((rest - left) / minute));
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(count / nominal);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two);
  return `${clock.join(":")}${drop ? ";" : ":"}${two(count % nominal)}`;
}

function floor(value: bigint, by: bigint): bigint {
  const whole = value / by;
  return value < 0n && whole * by !== value ? whole - 1n : whole;
}

function divisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : divisor(other, one % other);
}
