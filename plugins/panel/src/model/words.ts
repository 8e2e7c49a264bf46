/** Numbers and names as an editor says them. */
import type { Duration } from "@bufbuild/protobuf/wkt";

import { Operation, type FrameRange, type Money, type Rate } from "../proto/secondunit/v1/units_pb";

/** Each operation's name, and what it does in a few words. */
export const OPERATIONS: ReadonlyMap<Operation, readonly [name: string, does: string]> = new Map([
  [Operation.BRIDGE, ["Bridge", "fill the gap between two clips"]],
  [Operation.EXTEND, ["Extend", "make a clip longer"]],
  [Operation.ANIMATE, ["Animate", "set a still, or one frame, in motion"]],
  [Operation.REPLACE, ["Replace", "make a region or a range anew"]],
  [Operation.TRANSITION, ["Transition", "make the in-between of two clips that touch"]],
  [Operation.LOOP, ["Loop", "lead the end of a clip back into its start"]],
  [Operation.GENERATE, ["Generate", "make a shot from words alone"]],
  [Operation.RETIME, ["Retime", "another speed, with true in-betweens"]],
]);

export function nameOf(operation: Operation): string {
  return OPERATIONS.get(operation)?.[0] ?? "Make";
}

/** `23.976`, `25`. */
export function rateWords(rate: Rate | undefined): string {
  if (rate === undefined || rate.den <= 0) return "unknown rate";
  return `${Math.round((rate.num / rate.den) * 1000) / 1000}`;
}

export function end(range: Pick<FrameRange, "start" | "frames">): number {
  return range.start + range.frames;
}

export function framesWords(frames: number): string {
  return frames === 1 ? "1 frame" : `${frames} frames`;
}

/** `V1` of the lowest track. */
export function trackWords(index: number): string {
  return `V${index + 1}`;
}

/** Frames of a whole second on screen: 24 of 24000/1001. */
export function framesPerSecond(rate: Rate): number {
  return Math.max(1, Math.round(rate.num / rate.den));
}

/** The timecode of a frame of the timeline, `01:00:02:00`, with `;` where frames are dropped. */
export function timecode(frame: number, rate: Rate, start: string): string {
  const base = framesPerSecond(rate);
  const drops = start.includes(";") && base % 30 === 0 ? base / 15 : 0;
  let count = frame + frameOf(start, base, drops);
  if (drops > 0) {
    const minute = base * 60 - drops;
    const ten = minute * 10 + drops;
    const inTen = count % ten;
    const passed = inTen < base * 60 ? 0 : 1 + Math.floor((inTen - base * 60) / minute);
    count += drops * (9 * Math.floor(count / ten) + passed);
  }
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const seconds = Math.floor(count / base);
  const head = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return `${head.map(two).join(":")}${drops > 0 ? ";" : ":"}${two(count % base)}`;
}

function frameOf(text: string, base: number, drops: number): number {
  const [hours = 0, minutes = 0, seconds = 0, frames = 0] = text.split(/[:;]/).map(Number);
  const whole = hours * 60 + minutes;
  return (whole * 60 + seconds) * base + frames - drops * (whole - Math.floor(whole / 10));
}

export function secondsOf(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) + duration.nanos / 1e9;
}

/** `8 s`, `2 min`, `1 h 20 min`. */
export function timeWords(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function moneyWords(money: Money): string {
  const amount = Number(money.micros) / 1e6;
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  return `${amount.toFixed(digits)} ${money.currency}`;
}

/** `1.1 GB`. */
export function bytesWords(bytes: bigint): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [amount, unit] = [Number(bytes), 0];
  while (amount >= 1000 && unit < units.length - 1) [amount, unit] = [amount / 1000, unit + 1];
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit] ?? ""}`;
}
