/** The box of what the last frame sees, and the numbers that a dragged box means. */
import { atFrame, carry, inverse, type Move, type XY } from "./camera";

/** Which numbers a box that is dragged sideways changes. */
export type Carrying = "travel" | "turn";

const LEAST_ZOOM = 0.2;
const MOST_ZOOM = 8;
const ROUNDS = 12;

/** Corners from the top left clockwise: places of the still that reach the frame's corners. */
export function boxOf(moves: readonly Move[], frame: number, frames: number, ratio: number): XY[] {
  const back = inverse(atFrame(moves, frame, frames, ratio));
  const half = ratio / 2;
  const corners = [
    { x: -0.5, y: -half }, { x: 0.5, y: -half }, { x: 0.5, y: half }, { x: -0.5, y: half },
  ];
  return corners.map((corner) => carry(back, corner));
}

/** Where the last frame's centre looks at. */
export function centreOf(moves: readonly Move[], frame: number, frames: number, ratio: number): XY {
  return carry(inverse(atFrame(moves, frame, frames, ratio)), { x: 0, y: 0 });
}

/**
 * Move number `index` with the numbers that bring a place of the still to the frame's centre.
 *
 * Newton's steps on the two numbers: with several moves and a lens there is no closed form.
 */
export function lookedAt(
  moves: readonly Move[],
  index: number,
  place: XY,
  by: Carrying,
  at: { readonly frame: number; readonly frames: number; readonly ratio: number },
): Move | undefined {
  const move = moves[index];
  if (move === undefined) return undefined;
  const [across, up] = by === "travel" ? (["truck", "pedestal"] as const) : (["pan", "tilt"] as const);
  const made = (x: number, y: number): Move => ({ ...move, [across]: x, [up]: y });
  const miss = (x: number, y: number): XY =>
    carry(atFrame(moves.with(index, made(x, y)), at.frame, at.frames, at.ratio), place);
  let [x, y] = [move[across], move[up]];
  for (let round = 0; round < ROUNDS; round += 1) {
    const here = miss(x, y);
    if (Math.hypot(here.x, here.y) < 1e-9) break;
    const step = 1e-4;
    const [right, above] = [miss(x + step, y), miss(x, y + step)];
    const [a, b] = [(right.x - here.x) / step, (above.x - here.x) / step];
    const [c, d] = [(right.y - here.y) / step, (above.y - here.y) / step];
    const det = a * d - b * c;
    if (Math.abs(det) < 1e-12) return undefined;
    x -= (d * here.x - b * here.y) / det;
    y -= (a * here.y - c * here.x) / det;
  }
  const most = by === "travel" ? 200 : 80;
  if (!(Math.abs(x) <= most && Math.abs(y) <= most)) return undefined;
  return made(tidy(x, 1), tidy(y, 1));
}

/** Move with its box `factor` times as large: the zoom takes it. */
export function resized(move: Move, factor: number): Move {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, (move.zoom ?? 1) / factor));
  return { ...move, zoom: tidy(zoom, 3) };
}

/** Move with its box turned by degrees clockwise: the picture turns the other way. */
export function turned(move: Move, degrees: number): Move {
  const roll = move.roll - degrees;
  return { ...move, roll: tidy(roll - 360 * Math.round(roll / 360), 1) };
}

function tidy(value: number, digits: number): number {
  return Number(value.toFixed(digits)) + 0;
}
