/** A take onto the host's timeline, and back: what is asked of the host is a Placement. */
import { create, fromJson, toJson } from "@bufbuild/protobuf";

import type { HostLink } from "../link/host";
import type { Session } from "../link/session";
import { PlacementSchema, TakeSchema, type Placement, type Take } from "../proto/secondunit/v1/deliveries_pb";
import { PlacedSchema, PlaceTakesSchema, RemovePlacedSchema, SwitchTakeSchema, type HostContext } from "../proto/secondunit/v1/hosts_pb";
import { TimelineService } from "../proto/secondunit/v1/timeline_pb";
import type { ShotRequest } from "../proto/secondunit/v1/shots_pb";
import { without, type Asked, type History } from "./history";
import { requestIn, takeOf } from "./making";
import { folderOf, pathOf } from "./request";
import { targetOf, type Target } from "./sentence";
import { range } from "./site";
import { nameOf } from "./words";

/** Gives a take its own name in the folder of takes, so that it can be placed without the server. */
export async function published(session: Session, history: History, asked: Asked): Promise<Take | undefined> {
  const request = requestIn(asked);
  if (asked.published !== undefined || request === undefined) return takeOf(asked);
  const { takes } = await session
    .client(TimelineService)
    .publishTakes({ jobIds: [asked.job], mediaFolder: folderFor(request) });
  const [take] = takes;
  if (take === undefined) return undefined;
  await history.change(asked.id, { published: toJson(TakeSchema, take) });
  return take;
}

/** Puts a take on the timeline. Returns what the host says of it, in a sentence. */
export async function place(
  session: Session,
  link: HostLink,
  history: History,
  asked: Asked,
  context: HostContext,
): Promise<string> {
  const request = requestIn(asked);
  const take = await published(session, history, asked);
  if (request === undefined || take === undefined) throw new Error("there is no take to place");
  if (asked.timelineId !== context.timelineId) {
    throw new Error(
      `This shot was asked for on "${asked.timeline}"; the host shows "${context.timeline}". ` +
        "Open that timeline, then place it.",
    );
  }
  const others = history.all
    .peek()
    .filter(({ id, draft, published: json }) => id !== asked.id && !draft && json !== undefined)
    .map(takeOf)
    .filter((other): other is Take => other?.shotId === take.shotId && other.file !== take.file);
  const target = targetFor(request, asked.track, context);
  const placement = placementOf(request, take, target, uniqueByFile(others));
  const answer = await link.ask({
    case: "placeTakes",
    value: create(PlaceTakesSchema, {
      placements: [placement],
      timelineId: context.timelineId,
      label: `Second Unit: ${nameOf(request.operation)} ${request.name}`,
    }),
  });
  const [placed] = answer.case === "placedTakes" ? answer.value.placed : [];
  if (placed === undefined || placed.itemId === "") {
    throw new Error(placed?.note ?? "The host placed nothing and does not say why.");
  }
  await history.change(asked.id, { placed: toJson(PlacedSchema, placed) });
  const undo = answer.case === "placedTakes" ? answer.value.undo : "";
  const seen = placed.verified ? "Placed" : "Placed, but not seen to stand as asked";
  return [`${seen} on V${placed.track + 1}.`, placed.note, undo].filter((text) => text !== "").join(" ");
}

/** Takes back what was placed for a shot. */
export async function takeBack(link: HostLink, history: History, asked: Asked): Promise<string> {
  const take = takeOf(asked);
  if (take === undefined) return "";
  const answer = await link.ask({
    case: "removePlaced",
    value: create(RemovePlacedSchema, { shotIds: [take.shotId], timelineId: asked.timelineId }),
  });
  const removed = answer.case === "removedPlaced" ? answer.value : undefined;
  if (removed?.shotIds.includes(take.shotId) !== true) {
    throw new Error(removed?.notices.join(" ") ?? "The host removed nothing.");
  }
  for (const other of history.all.peek()) {
    if (other.placed !== undefined && takeOf(other)?.shotId === take.shotId) await history.put(without(other, "placed"));
  }
  return ["Taken back; nothing else was touched.", ...removed.notices].join(" ");
}

/** Shows another take where one of the shot is placed already. */
export async function switchTo(
  session: Session,
  link: HostLink,
  history: History,
  asked: Asked,
  standing: Asked,
): Promise<string> {
  const take = await published(session, history, asked);
  if (take === undefined || standing.placed === undefined) throw new Error("there is no take to show");
  const placed = fromJson(PlacedSchema, standing.placed, { ignoreUnknownFields: true });
  const answer = await link.ask({
    case: "switchTake",
    value: create(SwitchTakeSchema, { itemId: placed.itemId, take: take.version, file: take.file }),
  });
  if (answer.case !== "switchedTake") throw new Error("The host did not say that it switched.");
  const itemId = answer.value.itemId === "" ? placed.itemId : answer.value.itemId;
  await history.put(without(standing, "placed"));
  await history.change(asked.id, { placed: toJson(PlacedSchema, { ...placed, itemId }) });
  return "The other take is shown; the cut has not moved.";
}

/** The line whose take stands on the timeline for the same shot, if one does. */
export function standingFor(asked: Asked, all: readonly Asked[]): Asked | undefined {
  const shot = takeOf(asked)?.shotId;
  return all.find((other) => other.placed !== undefined && other.timelineId === asked.timelineId && takeOf(other)?.shotId === shot);
}

/** What a host is told to do with one take. */
export function placementOf(
  request: ShotRequest,
  take: Take,
  target: Target,
  alternatives: readonly Take[],
): Placement {
  const record = request.record ?? range(0, take.frames);
  return create(PlacementSchema, {
    shotId: take.shotId,
    operation: request.operation,
    track: target.track,
    trackName: target.name,
    record,
    source: range(take.handles?.head ?? 0, record.frames),
    file: take.file,
    name: take.file.replace(/^.*[\\/]/, ""),
    marker: `gen: ${nameOf(request.operation).toLowerCase()}\nid: ${take.shotId}`,
    take,
    alternatives: [...alternatives],
  });
}

/** Where a shot that was asked for goes on the timeline as it is now. */
export function targetFor(request: ShotRequest, track: number, context: HostContext): Target {
  const { operation, edge } = request;
  const record = request.record ?? range(0, 0);
  const nothing = { before: undefined, after: undefined, still: undefined, clip: undefined };
  return targetOf({ operation, edge, track, record, ...nothing }, request.place, context);
}

/** Takes lie beside the footage that they are made from. */
function folderFor(request: ShotRequest): string {
  const clip = request.before ?? request.clip ?? request.still ?? request.after;
  const path = pathOf(clip?.media);
  if (path === "") throw new Error("the shot's footage has no place on this machine; download the take");
  return `${folderOf(path)}${path.includes("\\") ? "\\" : "/"}Second Unit`;
}

function uniqueByFile(takes: readonly Take[]): readonly Take[] {
  return [...new Map(takes.map((take) => [take.file, take])).values()];
}
