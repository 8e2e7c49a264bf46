/** Who does what is asked: one thing at a time, since Premiere has one timeline. */
import { create } from "@bufbuild/protobuf";

import { HostReplySchema, type HostReply, type HostRequest } from "../../panel/src/proto/secondunit/v1/hosts_pb";
import type { Premiere } from "./host";
import { faultOf, Refusal } from "./refusal";
import { audition } from "./verbs/audition";
import { getContext } from "./verbs/context";
import { exportFrame } from "./verbs/frame";
import { addMarker } from "./verbs/marker";
import { placeTakes } from "./verbs/place";
import { removePlaced } from "./verbs/remove";
import { seek } from "./verbs/seek";
import { switchTake } from "./verbs/take";
import { exportTimeline } from "./verbs/timeline";

export type Desk = (request: HostRequest) => Promise<HostReply>;

/** Answers every request, with a fault where it is not done. */
export function openDesk(premiere: Premiere): Desk {
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const next = last.then(async () => {
      const answer = await answerOf(premiere, request.ask).catch(
        (error: unknown): HostReply["answer"] => ({ case: "fault", value: faultOf(error) }),
      );
      return create(HostReplySchema, { id: request.id, answer });
    });
    last = next;
    return next;
  };
}

async function answerOf(premiere: Premiere, ask: HostRequest["ask"]): Promise<HostReply["answer"]> {
  switch (ask.case) {
    case "getContext":
      return { case: "context", value: await getContext(premiere, ask.value) };
    case "exportFrame":
      return { case: "exportedFrame", value: await exportFrame(premiere, ask.value) };
    case "placeTakes":
      return { case: "placedTakes", value: await placeTakes(premiere, ask.value) };
    case "switchTake":
      return { case: "switchedTake", value: await switchTake(premiere, ask.value) };
    case "removePlaced":
      return { case: "removedPlaced", value: await removePlaced(premiere, ask.value) };
    case "addMarker":
      return { case: "addedMarker", value: await addMarker(premiere, ask.value) };
    case "exportTimeline":
      return { case: "exportedTimeline", value: await exportTimeline(premiere, ask.value) };
    case "seek":
      return { case: "sought", value: await seek(premiere, ask.value) };
    case "audition":
      return { case: "auditioned", value: await audition(premiere, ask.value) };
    case undefined:
      throw new Refusal("NOT_ABLE", "This plugin does not know what is asked of it.", "Update the plugin.");
  }
}
