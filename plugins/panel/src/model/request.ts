/** The request for a shot, made of what the editor set and of where the host says it goes. */
import { clone, create } from "@bufbuild/protobuf";

import type { HostContext } from "../proto/secondunit/v1/hosts_pb";
import { PlanOptionsSchema, type PlanOptions } from "../proto/secondunit/v1/plans_pb";
import { ShotRequestSchema, type ShotRequest } from "../proto/secondunit/v1/shots_pb";
import { Operation, type File, type FrameRange } from "../proto/secondunit/v1/units_pb";
import { range, STILL, type Site } from "./site";

/** Operations whose length the editor may say. */
export const OF_ANY_LENGTH: readonly Operation[] = [Operation.EXTEND, Operation.ANIMATE];

/** What a shot is held by instead, where nothing can be drawn on it; empty: it can. */
export function heldBy(site: Site): string {
  switch (site.operation) {
    case Operation.BRIDGE:
      return "A bridge is held by the frames at both ends; pin what it should pass through with a keyframe.";
    case Operation.TRANSITION:
      return "A transition is held by the two clips that run through it.";
    case Operation.LOOP:
      return STILL.test(pathOf(site.still?.media)) ? "" : "A loop of footage is held by its own frames.";
    case Operation.RETIME:
      return "A retime keeps the motion that is there.";
    case Operation.GENERATE:
      return "There is no picture to draw on.";
    default:
      return "";
  }
}

/** A place with the length that was set, where the place leaves it open. */
export function withLength(site: Site, length: number): Site {
  if (length <= 0 || !OF_ANY_LENGTH.includes(site.operation)) return site;
  const { start, frames } = site.record;
  const first = site.after === undefined ? start : Math.max(0, start + frames - length);
  return { ...site, record: range(first, site.after === undefined ? length : start + frames - first) };
}

/** `settings` has what does not depend on the place; all that does is written over. */
export function requestOf(settings: ShotRequest, site: Site, context: HostContext): ShotRequest {
  const made = clone(ShotRequestSchema, settings);
  const follows = site.operation === Operation.RETIME;
  const rest = { ...made, $unknown: [] };
  if (!follows) delete rest.speed;
  if (heldBy(site) !== "") {
    // What was drawn for another operation is kept, and not sent where it would be refused.
    delete rest.mask;
    [rest.strokes, rest.ambients, rest.cameras] = [[], [], []];
  }
  return create(ShotRequestSchema, {
    ...rest,
    name: made.name === "" ? nameFor(site) : made.name,
    operation: site.operation,
    edge: site.edge,
    record: site.record,
    timelineStart: context.startTimecode,
    ...(context.rate === undefined ? {} : { rate: context.rate }),
    ...(site.before === undefined ? {} : { before: site.before }),
    ...(site.after === undefined ? {} : { after: site.after }),
    ...(site.still === undefined ? {} : { still: site.still }),
    ...(site.clip === undefined ? {} : { clip: site.clip }),
  });
}

/** What a take of it is planned with: the folders of its clips may be read. */
export function optionsFor(request: ShotRequest, draft: boolean): PlanOptions {
  return create(PlanOptionsSchema, { draft, roots: [...new Set(pathsOf(request).map(folderOf))] });
}

/** `/footage/A014.mov` lies in `/footage`, `C:\\footage\\A014.mov` in `C:\\footage`. */
export function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "") || "/";
}

/** The frame of a shot's own footage that is painted on: at the cut, or the still itself. */
export function pictureOf(site: Site): { readonly path: string; readonly frame: number } | undefined {
  const clip = site.still ?? site.clip ?? site.before ?? site.after;
  const path = pathOf(clip?.media);
  if (clip === undefined || path === "") return undefined;
  const source: FrameRange = clip.source ?? range(0, 1);
  const last = clip === site.before ? source.start + source.frames - 1 : source.start;
  return { path, frame: Math.max(0, last) };
}

export function pathOf(file: File | undefined): string {
  return file?.source.case === "path" ? file.source.value : "";
}

function pathsOf(request: ShotRequest): readonly string[] {
  const clips = [request.before, request.after, request.still, request.clip];
  const images = request.keyframes.map(({ image }) => image);
  return [...clips.map((clip) => clip?.media), ...images].map(pathOf).filter((path) => path !== "");
}

function nameFor(site: Site): string {
  const clip = site.before ?? site.clip ?? site.still ?? site.after;
  return (clip?.name ?? "").replace(/\.[^.]{1,5}$/, "");
}
