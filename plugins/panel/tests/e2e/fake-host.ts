/** An editing program with two tracks and a gap, attached by WebSocket as real ones are. */
import { create, fromJson, toJson, type JsonObject } from "@bufbuild/protobuf";

import {
  AttachHostRequestSchema,
  AttachHostResponseSchema,
  HostAbility,
  HostContextSchema,
  HostItemSchema,
  HostKind,
  HostSchema,
  type AttachHostRequest,
  type HostContext,
  type HostItem,
  type HostReply,
  type HostRequest,
} from "../../src/proto/secondunit/v1/hosts_pb";

export interface FakeHost {
  /** What its editor sees; tests change it and call `tell`. */
  context: HostContext;
  /** Says that the context has changed. */
  tell(): void;
  leave(): void;
}

const RATE = { num: 24000, den: 1001 };

/** Twelve frames are missing between two takes of the coast; a still stands alone after them. */
export function edit(footage: string): HostContext {
  const item = (id: string, name: string, file: string, start: number, frames: number, source: number) =>
    create(HostItemSchema, {
      id, name, track: 0, record: { start, frames }, source: { start: source, frames },
      path: `${footage}/footage/${file}`, rate: RATE,
    });
  return create(HostContextSchema, {
    project: "Coast road", timeline: "Reel 2", timelineId: "t1", rate: RATE,
    size: { width: 320, height: 180 }, startTimecode: "01:00:00:00", frames: 200, playhead: 40,
    tracks: [
      { index: 0, name: "Video 1", enabled: true },
      { index: 1, name: "Video 2", enabled: true },
    ],
    items: [
      item("a", "A014", "coast_a.mov", 0, 36, 24),
      item("b", "A015", "coast_b.mov", 48, 36, 0),
      item("c", "harbour.png", "harbour.png", 100, 48, 0),
    ],
  });
}

/** `address`: of the bridge, `http://...`. */
export async function fakeHost(address: string, token: string, context: HostContext): Promise<FakeHost> {
  const socket = new WebSocket(`${address.replace(/^http/, "ws")}/link`, ["secondunit.v1", `bearer.${token}`]);
  const say = (frame: AttachHostRequest["frame"]): void =>
    socket.send(JSON.stringify(toJson(AttachHostRequestSchema, create(AttachHostRequestSchema, { frame }))));
  const host: FakeHost = {
    context,
    tell: () => say({ case: "event", value: changed(host.context) }),
    leave: () => socket.close(),
  };
  await new Promise((ready, fail) => {
    socket.onopen = ready;
    socket.onerror = fail;
  });
  socket.onmessage = ({ data }) => {
    const told = JSON.parse(String(data)) as { end?: unknown } & JsonObject;
    if (told.end !== undefined) return;
    const { frame } = fromJson(AttachHostResponseSchema, told);
    if (frame.case !== "request") return;
    const answer = answerTo(host, frame.value);
    say({ case: "reply", value: { $typeName: "secondunit.v1.HostReply", id: frame.value.id, answer } });
    if (frame.value.ask.case !== "getContext") host.tell();
  };
  say({
    case: "hello",
    value: create(HostSchema, {
      kind: HostKind.OTHER, name: "Fake Edit", version: "1.0", protocol: 1,
      abilities: [
        HostAbility.SELECTION, HostAbility.MARKS, HostAbility.PLACE, HostAbility.REMOVE,
        HostAbility.TAKES, HostAbility.EVENTS,
      ],
    }),
  });
  return host;
}

function changed(context: HostContext) {
  return {
    $typeName: "secondunit.v1.HostEvent",
    event: { case: "contextChanged", value: context },
  } as const;
}

/** What a host does that never lies: it places what fits, and refuses what does not. */
function answerTo(host: FakeHost, { ask }: HostRequest): HostReply["answer"] {
  const { context } = host;
  switch (ask.case) {
    case "getContext":
      return { case: "context", value: context };
    case "placeTakes": {
      if (ask.value.timelineId !== context.timelineId) return refusal("CHANGED", "Another timeline is open.");
      const placed = ask.value.placements.map((one) => {
        while (context.tracks.length <= one.track) {
          const index = context.tracks.length;
          context.tracks.push({ $typeName: "secondunit.v1.HostTrack", index, name: one.trackName, locked: false, enabled: true });
        }
        const made = create(HostItemSchema, {
          id: `placed-${one.shotId}`, name: one.name, track: one.track, path: one.file, rate: RATE,
          ...(one.record === undefined ? {} : { record: one.record }),
          ...(one.source === undefined ? {} : { source: one.source }),
          takes: 1 + one.alternatives.length, take: 1,
        });
        if (context.items.some((item) => overlap(item, made))) throw new Error("something stands there");
        context.items.push(made);
        return {
          $typeName: "secondunit.v1.Placed", shotId: one.shotId, itemId: made.id, track: one.track,
          note: "", verified: true, ...(one.record === undefined ? {} : { record: one.record }),
        } as const;
      });
      return {
        case: "placedTakes",
        value: { $typeName: "secondunit.v1.PlacedTakes", placed, undo: "Take back removes it." },
      };
    }
    case "switchTake": {
      const { itemId, file, take } = ask.value;
      const item = context.items.find(({ id }) => id === itemId);
      if (item === undefined) return refusal("CHANGED", "The clip is gone.");
      Object.assign(item, { path: file, take, name: file.replace(/^.*\//, "") });
      return { case: "switchedTake", value: { $typeName: "secondunit.v1.SwitchedTake", itemId } };
    }
    case "removePlaced": {
      const names = ask.value.shotIds.map((id) => `placed-${id}`);
      context.items = context.items.filter(({ id }) => !names.includes(id));
      return {
        case: "removedPlaced",
        value: { $typeName: "secondunit.v1.RemovedPlaced", shotIds: ask.value.shotIds, notices: [] },
      };
    }
    default:
      return refusal("NOT_ABLE", "The fake host does not do this.");
  }
}

function refusal(code: string, what: string): HostReply["answer"] {
  return {
    case: "fault",
    value: { $typeName: "secondunit.v1.HostFault", code, what, remedy: "Look at the host.", retryable: false },
  };
}

function overlap(one: HostItem, other: HostItem): boolean {
  const [a, b] = [one.record, other.record];
  return (
    one.track === other.track && a !== undefined && b !== undefined &&
    a.start < b.start + b.frames && b.start < a.start + a.frames
  );
}
