/** Keyframes: frames of the footage around a shot, pinned at frames of the shot. */
import { create } from "@bufbuild/protobuf";

import { KeyframeSchema, type Keyframe } from "../proto/secondunit/v1/shots_pb";
import type { File } from "../proto/secondunit/v1/units_pb";

/** Footage that keyframes can be picked from. */
export interface Footage {
  /** As the edit calls it. */
  readonly name: string;
  readonly path: string;
  /** First frame of the file that may be picked. */
  readonly start: number;
  readonly frames: number;
}

/** The frames of a strip of `count` pictures: the first, the last, and evenly between them. */
export function spaced({ start, frames }: Pick<Footage, "start" | "frames">, count: number): number[] {
  const shown = Math.max(1, Math.min(count, frames));
  if (shown === 1) return [start];
  return Array.from({ length: shown }, (_, n) => start + Math.round((n * (frames - 1)) / (shown - 1)));
}

/** The frame of the shot that a keyframe is pinned at. */
export function frameOf({ at }: Keyframe, frames: number): number {
  if (at.case === "first") return 0;
  if (at.case === "last") return frames - 1;
  return at.case === "frame" ? at.value : 0;
}

/** Where a keyframe is pinned: the ends stay the ends when the shot gets another length. */
export function pinnedAt(frame: number, frames: number): Keyframe["at"] {
  const held = Math.min(frames - 1, Math.max(0, Math.round(frame)));
  if (held === 0) return { case: "first", value: true };
  if (held === frames - 1) return { case: "last", value: true };
  return { case: "frame", value: held };
}

/** The keyframes with one more; what was pinned at its frame gives way. */
export function pinned(
  keyframes: readonly Keyframe[],
  image: File,
  frame: number,
  strength: number,
  frames: number,
): Keyframe[] {
  const at = pinnedAt(frame, frames);
  const made = create(KeyframeSchema, { at, image, strength });
  const there = Math.min(frames - 1, Math.max(0, Math.round(frame)));
  return sorted([...keyframes.filter((one) => frameOf(one, frames) !== there), made], frames);
}

/** The keyframes with one of them at another frame, or of another strength. */
export function repinned(
  keyframes: readonly Keyframe[],
  index: number,
  change: { readonly frame?: number; readonly strength?: number },
  frames: number,
): Keyframe[] {
  const one = keyframes[index];
  if (one?.image === undefined) return [...keyframes];
  const rest = keyframes.filter((_, n) => n !== index);
  const { frame = frameOf(one, frames), strength = one.strength ?? 1 } = change;
  return pinned(rest, one.image, frame, strength, frames);
}

function sorted(keyframes: readonly Keyframe[], frames: number): Keyframe[] {
  return keyframes.toSorted((a, b) => frameOf(a, frames) - frameOf(b, frames));
}

/** The same text for the same file. */
export function fileKey(file: File | undefined): string {
  if (file?.source.case === "path") return file.source.value;
  return file?.source.case === "blob" ? file.source.value.sha256 : "";
}
