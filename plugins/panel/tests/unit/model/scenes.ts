/** Contexts of a host for tests: one track of clips, at 24000/1001 unless somebody says. */
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";

import { HostContextSchema, HostItemSchema, type HostContext, type HostItem } from "../../../src/proto/secondunit/v1/hosts_pb";

/** What a message may be made of. */
type Init<S extends DescMessage> = Exclude<MessageInitShape<S>, { readonly $typeName: string }>;

const RATE = { num: 24000, den: 1001 };

export function item(id: string, start: number, frames: number, given: Init<typeof HostItemSchema> = {}): HostItem {
  return create(HostItemSchema, {
    id, name: id, track: 0, record: { start, frames }, source: { start: 100, frames },
    path: `/footage/${id}.mov`, rate: RATE, ...given,
  });
}

export function scene(items: HostItem[], given: Init<typeof HostContextSchema> = {}): HostContext {
  return create(HostContextSchema, {
    timeline: "Reel 2", timelineId: "t1", rate: RATE, startTimecode: "01:00:00:00", frames: 500,
    tracks: [{ index: 0, name: "Video 1" }, { index: 1, name: "Video 2" }], items, ...given,
  });
}
