/** What is drawn on a frame, and the protocol's messages that say the same. */
import { create, toJson } from "@bufbuild/protobuf";

import {
  AmbientSchema,
  CameraMoveSchema,
  Ease,
  MaskSchema,
  PointSchema,
  ShotRequestSchema,
  StrokeSchema,
  type CameraMove,
  type Mask,
  type ShotRequest,
} from "../proto/secondunit/v1/shots_pb";
import { FrameRangeSchema, type File } from "../proto/secondunit/v1/units_pb";
import type { Move, Span, XY } from "./camera";
import { isEmpty, type Raster } from "./raster";

/** The fields of a request that are drawn. */
export type Controls = Pick<ShotRequest, "mask" | "strokes" | "ambients" | "cameras">;

export type Kind = "mask" | "stroke" | "ambient";

/** One thing that is drawn. */
export interface Layer {
  readonly id: number;
  readonly kind: Kind;
  /** Undefined: where the shot's mask is white. A mask always has its own. */
  readonly region: Raster | undefined;
  /** Carried to the cut by the motion of the footage under it. */
  readonly follow: boolean;
  /** Of a stroke. */
  readonly points: readonly XY[];
  readonly over: Span | undefined;
  /** 0..1. */
  readonly strength: number;
}

/** Layers from the bottom to the top: the mask, then strokes and ambients as they were drawn. */
export interface Drawing {
  readonly layers: readonly Layer[];
  readonly cameras: readonly Move[];
}

export const NOTHING: Drawing = { layers: [], cameras: [] };
export const STILL_MOVE: Move = {
  pan: 0, tilt: 0, roll: 0, truck: 0, pedestal: 0, dolly: 0, zoom: 1, ease: Ease.LINEAR,
};
const USUAL_AMBIENT = 0.5;

let named = 0;

export function layer(kind: Kind, set: Partial<Omit<Layer, "id" | "kind">> = {}): Layer {
  named += 1;
  const strength = kind === "ambient" ? USUAL_AMBIENT : 1;
  return {
    id: named, kind, region: undefined, follow: false, points: [], over: undefined, strength, ...set,
  };
}

/** `Mask`, `Stroke 2`, `Ambient 1`. */
export function nameOf(drawing: Drawing, { id, kind }: Layer): string {
  if (kind === "mask") return "Mask";
  const number = drawing.layers.filter((other) => other.kind === kind).findIndex((l) => l.id === id);
  return `${kind === "stroke" ? "Stroke" : "Ambient"} ${number + 1}`;
}

export function maskOf(drawing: Drawing): Layer | undefined {
  return drawing.layers.find(({ kind }) => kind === "mask");
}

/** What a layer still lacks before it can be asked for; empty: nothing. */
export function lacks(drawing: Drawing, { kind, region, points }: Layer): string {
  if (kind === "mask") return "";
  const mask = maskOf(drawing)?.region;
  const bare = region === undefined ? mask === undefined || isEmpty(mask) : isEmpty(region);
  if (bare && region === undefined) return "paint the mask, or a region of its own";
  if (bare) return "paint what moves (B)";
  return kind === "stroke" && points.length < 2 ? "draw the way it goes (S)" : "";
}

/** The messages of what is complete; `fileOf` names the file of a region. */
export function controlsOf(drawing: Drawing, fileOf: (region: Raster) => File): Controls {
  const shape = ({ region, follow }: Layer): Mask | undefined =>
    region === undefined ? undefined : create(MaskSchema, { file: fileOf(region), follow });
  const whole = drawing.layers.filter((one) => lacks(drawing, one) === "");
  const mask = maskOf(drawing);
  const white = mask?.region !== undefined && !isEmpty(mask.region);
  return {
    mask: white ? shape(mask) : undefined,
    strokes: whole.filter(({ kind }) => kind === "stroke").map((one) =>
      create(StrokeSchema, {
        points: one.points.map((point) => create(PointSchema, point)),
        region: shape(one),
        over: range(one.over),
        strength: one.strength,
      }),
    ),
    ambients: whole.filter(({ kind }) => kind === "ambient").map((one) =>
      create(AmbientSchema, { region: shape(one), strength: one.strength }),
    ),
    cameras: drawing.cameras.filter(moves).map(message),
  };
}

/** Regions whose pixels the messages of a drawing need. */
export function regionsOf(drawing: Drawing): readonly Raster[] {
  const found = drawing.layers.map(({ region }) => region);
  return found.filter((region) => region !== undefined && !isEmpty(region)) as Raster[];
}

/** The drawing that messages say; `regionOf` reads the pixels of a file. */
export async function drawingOf(
  controls: Controls,
  regionOf: (file: File) => Promise<Raster>,
): Promise<Drawing> {
  const region = async (mask: Mask | undefined): Promise<Raster | undefined> =>
    mask?.file === undefined ? undefined : await regionOf(mask.file);
  const layers: Layer[] = [];
  const { mask, strokes, ambients, cameras } = controls;
  if (mask?.file !== undefined) {
    layers.push(layer("mask", { region: await region(mask), follow: mask.follow }));
  }
  for (const { points, region: own, over, strength = 1 } of strokes) {
    const follow = own?.follow ?? false;
    const places = points.map(({ x, y }) => ({ x, y }));
    layers.push(
      layer("stroke", { region: await region(own), follow, points: places, over, strength }),
    );
  }
  for (const { region: own, strength = USUAL_AMBIENT } of ambients) {
    const follow = own?.follow ?? false;
    layers.push(layer("ambient", { region: await region(own), follow, strength }));
  }
  return { layers, cameras };
}

/** The same text for controls that mean the same. */
export function keyOf({ mask, strokes, ambients, cameras }: Controls): string {
  const request = create(ShotRequestSchema, {
    ...(mask === undefined ? {} : { mask }), strokes, ambients, cameras,
  });
  return JSON.stringify(toJson(ShotRequestSchema, request));
}

/** Whether a move goes anywhere. */
export function moves(move: Move): boolean {
  const { pan, tilt, roll, truck, pedestal, dolly, zoom = 1 } = move;
  return [pan, tilt, roll, truck, pedestal, dolly, zoom - 1].some((value) => value !== 0);
}

function message({ over, ...move }: Move): CameraMove {
  return create(CameraMoveSchema, { ...plain(move), over: range(over) });
}

/** A message's numbers without its name, whatever the object was. */
function plain(move: Omit<Move, "over">): Omit<Move, "over"> {
  const { pan, tilt, roll, truck, pedestal, dolly, zoom, fov, ease } = move;
  return { pan, tilt, roll, truck, pedestal, dolly, zoom, fov, ease };
}

function range(over: Span | undefined): ReturnType<typeof create<typeof FrameRangeSchema>> | undefined {
  return over === undefined
    ? undefined
    : create(FrameRangeSchema, { start: over.start, frames: over.frames });
}
