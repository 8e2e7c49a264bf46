/**
 * Camera moves as exact geometry, as the server's engine has it: where a move takes the picture.
 *
 * Places are (x, y) in fractions of the frame's width on both axes, from the frame's centre, x
 * right, y down. Pan and tilt carry the picture as a lens of the field of view would (Hartley and
 * Zisserman 2004, section 8.4), truck and pedestal carry it straight.
 */
import { Ease, type CameraMove } from "../proto/secondunit/v1/shots_pb";
import type { FrameRange } from "../proto/secondunit/v1/units_pb";

/** Row by row; maps a place before the move to the place after it. */
export type Homography = readonly [
  number, number, number, number, number, number, number, number, number,
];

export interface XY {
  readonly x: number;
  readonly y: number;
}

export type Span = Pick<FrameRange, "start" | "frames">;

/** The numbers of a move, without the message around them. */
export interface Move extends Omit<CameraMove, "$typeName" | "$unknown" | "over"> {
  readonly over?: Span | undefined;
}

export const IDENTITY: Homography = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const USUAL_FOV = 50;

/** The share of a move that is done at a share 0..1 of its time. */
export function eased(fraction: number, ease: Ease): number {
  const f = Math.min(Math.max(fraction, 0), 1);
  if (ease === Ease.IN) return f * f;
  if (ease === Ease.OUT) return f * (2 - f);
  if (ease === Ease.IN_OUT) return f * f * (3 - 2 * f);
  return f;
}

/** The share 0..1 of a range's time at a frame: 0 on its first frame, 1 on its last. */
export function elapsed(frame: number, over: Span): number {
  if (over.frames < 2) return frame >= over.start ? 1 : 0;
  return Math.min(Math.max((frame - over.start) / (over.frames - 1), 0), 1);
}

/** Where a move takes the picture when a share 0..1 of it is done; `ratio` is height / width. */
export function homography(move: Move, share: number, ratio: number): Homography {
  const focal = 0.5 / Math.tan(radians(move.fov ?? USUAL_FOV) / 2);
  const [pan, tilt, roll] = [move.pan, move.tilt, move.roll].map((a) => radians(share * a)) as
    [number, number, number];
  const scale = (1 + (share * move.dolly) / 100) * (1 + share * ((move.zoom ?? 1) - 1));
  const [c, s] = [scale * Math.cos(roll), scale * Math.sin(roll)];
  const grown: Homography = [c, -s, 0, s, c, 0, 0, 0, 1];
  const toRight: Homography = [
    Math.cos(pan), 0, -Math.sin(pan), 0, 1, 0, Math.sin(pan), 0, Math.cos(pan),
  ];
  const upwards: Homography = [
    1, 0, 0, 0, Math.cos(tilt), Math.sin(tilt), 0, -Math.sin(tilt), Math.cos(tilt),
  ];
  const lens: Homography = [focal, 0, 0, 0, focal, 0, 0, 0, 1];
  const unlens: Homography = [1 / focal, 0, 0, 0, 1 / focal, 0, 0, 0, 1];
  const carried: Homography = [
    1, 0, (-share * move.truck) / 100, 0, 1, ((share * move.pedestal) / 100) * ratio, 0, 0, 1,
  ];
  return [lens, upwards, toRight, unlens, grown].reduce(times, carried);
}

/**
 * Where all moves together have taken the picture at a frame of the shot, which has `frames`.
 *
 * Moves compose in their order; before its range a move does nothing, after it, it rests.
 */
export function atFrame(
  moves: readonly Move[],
  frame: number,
  frames: number,
  ratio: number,
): Homography {
  return moves.reduce<Homography>((total, move) => {
    const over = move.over ?? { start: 0, frames };
    return times(homography(move, eased(elapsed(frame, over), move.ease), ratio), total);
  }, IDENTITY);
}

export function carry(m: Homography, { x, y }: XY): XY {
  const depth = m[6] * x + m[7] * y + m[8];
  return { x: (m[0] * x + m[1] * y + m[2]) / depth, y: (m[3] * x + m[4] * y + m[5]) / depth };
}

export function times(a: Homography, b: Homography): Homography {
  return [
    a[0] * b[0] + a[1] * b[3] + a[2] * b[6], a[0] * b[1] + a[1] * b[4] + a[2] * b[7],
    a[0] * b[2] + a[1] * b[5] + a[2] * b[8], a[3] * b[0] + a[4] * b[3] + a[5] * b[6],
    a[3] * b[1] + a[4] * b[4] + a[5] * b[7], a[3] * b[2] + a[4] * b[5] + a[5] * b[8],
    a[6] * b[0] + a[7] * b[3] + a[8] * b[6], a[6] * b[1] + a[7] * b[4] + a[8] * b[7],
    a[6] * b[2] + a[7] * b[5] + a[8] * b[8],
  ];
}

export function inverse(m: Homography): Homography {
  const [a, b, c, d, e, f, g, h, i] = m;
  const [A, B, C] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const det = a * A + b * B + c * C;
  return [
    A / det, (c * h - b * i) / det, (b * f - c * e) / det,
    B / det, (a * i - c * g) / det, (c * d - a * f) / det,
    C / det, (b * g - a * h) / det, (a * e - b * d) / det,
  ];
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
