/** The line to the server, so that panels outside Premiere, and scripts, can reach it too. */
import { create, toJsonString, type JsonValue, type MessageInitShape } from "@bufbuild/protobuf";

import {
  AttachHostRequestSchema,
  type Host,
  type HostContext,
} from "../../panel/src/proto/secondunit/v1/hosts_pb";
import type { Desk } from "./desk";
import { frameIn, jsonIn } from "./frame";

const PROTOCOL = "secondunit.v1";
/** Milliseconds before the first new try; twice as long before each that follows. */
const SOONEST = 500;
const LATEST = 30_000;

/** What is used of a WebSocket. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export type Standing = "linked" | "away" | "stranger" | "ended";

export interface Link {
  tell(context: HostContext): void;
  end(): void;
}

export interface Line {
  /** `http://127.0.0.1:50052`. */
  readonly server: string;
  readonly token: string;
  readonly host: Host;
  readonly desk: Desk;
  readonly connect: (url: string, protocols: string[]) => Socket;
  /** Told whenever it changes. */
  readonly standing: (standing: Standing) => void;
  readonly later?: (act: () => void, milliseconds: number) => void;
}

/** Holds the line until it is ended: a server that goes comes back. A token that is refused ends it. */
export function openLink({ server, token, host, desk, connect, standing, later = setTimeout }: Line): Link {
  let socket: Socket | undefined;
  let wait = SOONEST;
  let [ended, welcome] = [false, false];

  const say = (frame: MessageInitShape<typeof AttachHostRequestSchema>["frame"]): void => {
    if (frame) socket?.send(toJsonString(AttachHostRequestSchema, create(AttachHostRequestSchema, { frame })));
  };
  const hear = (text: unknown): void => {
    const json = jsonIn(text);
    const end = endOf(json);
    if (end !== undefined) {
      if (end === "unauthenticated" || end === "permission_denied") stop("stranger");
      return;
    }
    const frame = frameIn(json);
    if (frame.case === "welcome") {
      welcome = true;
      wait = SOONEST;
      standing("linked");
    } else if (frame.case === "request") {
      const asked = socket;
      // An answer belongs to the line on which it was asked.
      void desk(frame.value).then((reply) => {
        if (asked === socket) say({ case: "reply", value: reply });
      });
    }
  };
  const stop = (as: Standing): void => {
    if (ended) return;
    ended = true;
    standing(as);
    socket?.close();
  };
  const open = (): void => {
    if (ended) return;
    welcome = false;
    const mine = connect(`${server.replace(/^http/, "ws")}/link`, [PROTOCOL, ...(token === "" ? [] : [`bearer.${token}`])]);
    socket = mine;
    mine.onopen = () => say({ case: "hello", value: host });
    mine.onmessage = ({ data }) => hear(data);
    mine.onclose = () => {
      if (socket !== mine) return;
      socket = undefined;
      welcome = false;
      if (ended) return;
      standing("away");
      later(open, wait);
      wait = Math.min(LATEST, wait * 2);
    };
  };
  open();
  return {
    tell: (context) => {
      if (welcome) say({ case: "event", value: { event: { case: "contextChanged", value: context } } });
    },
    end: () => stop("ended"),
  };
}

/** The code with which the server ends a line, as its bridge writes it. Undefined: it does not. */
function endOf(said: JsonValue | undefined): string | undefined {
  if (typeof said !== "object" || said === null || !("end" in said)) return undefined;
  const { error } = said["end"] as { error?: { code?: string } };
  return error?.code ?? "";
}
