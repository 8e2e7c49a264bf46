/** What Premiere, or this plugin for it, does not do, in words an editor can act upon. */
import { create } from "@bufbuild/protobuf";

import { HostFaultSchema, type HostFault } from "../../panel/src/proto/secondunit/v1/hosts_pb";

type Code = "LOCKED_TRACK" | "NO_TIMELINE" | "MODAL" | "TIMEOUT" | "NOT_ABLE" | "CHANGED" | "HOST";

/** Thrown by a verb; everything else that is thrown is a fault of the host. */
export class Refusal extends Error {
  constructor(
    readonly code: Code,
    what: string,
    readonly remedy: string,
    readonly retryable = false,
  ) {
    super(what);
    this.name = "Refusal";
  }
}

export function faultOf(error: unknown): HostFault {
  if (error instanceof Refusal) {
    const { code, message, remedy, retryable } = error;
    return create(HostFaultSchema, { code, what: message, remedy, retryable });
  }
  return create(HostFaultSchema, {
    code: "HOST",
    what: `Premiere did not do it: ${error instanceof Error ? error.message : String(error)}`,
    remedy: "Close any dialogue that Premiere shows, look at the timeline, then try again.",
    retryable: true,
  });
}
