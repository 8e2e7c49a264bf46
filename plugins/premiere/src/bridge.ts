/**
 * The line to the panel in our own webview; the other side is the panel's `link/message-host.ts`.
 *
 * Each message is `{secondunit: ADDRESSEE, frame: FRAME}`; the frames are those of AttachHost in
 * hosts.proto, in protobuf's JSON. To the panel go AttachHostRequest, `{hello}` first; from it come
 * AttachHostResponse, and `{secondunit: "host", knock: true}` when it has just been loaded.
 */
import { create, toJson, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";

import {
  AttachHostRequestSchema,
  type Host,
  type HostContext,
} from "../../panel/src/proto/secondunit/v1/hosts_pb";
import type { Desk } from "./desk";
import { frameIn } from "./frame";

/** What is used of the window that messages come to. */
export interface Inlet {
  addEventListener(kind: "message", hear: (event: Heard) => void): void;
  removeEventListener(kind: "message", hear: (event: Heard) => void): void;
}

export interface Heard {
  readonly data: unknown;
  /** Address of the page that said it. */
  readonly origin: string;
}

/** What is used of a webview. */
export interface Outlet {
  postMessage(message: unknown, origin: string): void;
}

export interface Bridge {
  tell(context: HostContext): void;
  end(): void;
}

/** Serves the panel of `server` in a webview, and no other page that may come to be shown there. */
export function openBridge(server: string, inlet: Inlet, outlet: Outlet, host: Host, desk: Desk): Bridge {
  const home = new URL(server).origin;
  const say = (frame: NonNullable<MessageInitShape<typeof AttachHostRequestSchema>["frame"]>): void => {
    const json = toJson(AttachHostRequestSchema, create(AttachHostRequestSchema, { frame }));
    outlet.postMessage({ secondunit: "panel", frame: json }, home);
  };
  const hear = ({ data, origin }: Heard): void => {
    if (!isOf(home, origin) || typeof data !== "object" || data === null) return;
    const { secondunit, knock, frame } = data as { secondunit?: unknown; knock?: unknown; frame?: JsonValue };
    if (secondunit !== "host") return;
    if (knock === true) {
      say({ case: "hello", value: host });
      return;
    }
    const said = frameIn(frame);
    if (said.case === "request") void desk(said.value).then((reply) => say({ case: "reply", value: reply }));
  };
  inlet.addEventListener("message", hear);
  return {
    tell: (context) => say({ case: "event", value: { event: { case: "contextChanged", value: context } } }),
    end: () => inlet.removeEventListener("message", hear),
  };
}

/** The documentation has `origin` as the page's address, browsers as its origin. */
function isOf(home: string, origin: string): boolean {
  return origin === home || origin.startsWith(`${home}/`);
}
