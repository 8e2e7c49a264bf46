/**
 * The editing program whose own window holds the panel (Premiere's webview), by messages.
 *
 * Each message is `{secondunit: ADDRESSEE, frame: FRAME}`; the frames are those of AttachHost in
 * hosts.proto, in protobuf's JSON. To the panel (`secondunit: "panel"`): AttachHostRequest, that is
 * `{hello}` first, then `{reply}` and `{event}`. To the program (`secondunit: "host"`):
 * AttachHostResponse, that is `{welcome}` and `{request}`; and `{secondunit: "host", knock: true}`,
 * with which a panel that has just been loaded asks for `hello`.
 */
import { create, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { signal, type Signal } from "@preact/signals";

import {
  AttachHostRequestSchema,
  AttachHostResponseSchema,
  GetContextSchema,
  HostRequestSchema,
  type AttachHostResponse,
  type Host,
  type HostContext,
  type HostReply,
} from "../proto/secondunit/v1/hosts_pb";
import { answerOf, HostTrouble, type Answer, type Ask, type HostLink } from "./host";

const OWN_HOST = "own";
const LONGEST_MILLISECONDS = 300_000;

/** What the panel needs of a window. */
export interface Window {
  addEventListener(kind: "message", hear: (event: MessageEvent) => void): void;
  removeEventListener(kind: "message", hear: (event: MessageEvent) => void): void;
}

/** Where messages to the program go: `window.uxpHost` in a UXP webview. */
export interface Outlet {
  postMessage(message: unknown): void;
}

/** The program around the panel, if there is one. */
export function outletOf(window: object): Outlet | undefined {
  return (window as { uxpHost?: Outlet }).uxpHost;
}

export function messageHost(window: Window, outlet: Outlet): HostLink {
  const hosts: Signal<readonly Host[]> = signal([]);
  const chosen = signal("");
  const context = signal<HostContext | undefined>(undefined);
  const trouble = signal("");
  const asked = new Map<string, (reply: HostReply) => void>();
  let number = 0;

  const say = (frame: AttachHostResponse["frame"]): void => {
    const json = toJson(AttachHostResponseSchema, create(AttachHostResponseSchema, { frame }));
    outlet.postMessage({ secondunit: "host", frame: json });
  };

  const ask = async (what: Ask): Promise<Answer> => {
    number += 1;
    const id = `${number}`;
    const reply = await new Promise<HostReply>((resolve, reject) => {
      const late = (): void =>
        reject(
          new HostTrouble({
            code: "TIMEOUT",
            what: "The program did not answer.",
            remedy: "Look whether it shows a dialogue; then look at the timeline before trying again.",
            retryable: true,
          }),
        );
      const timer = setTimeout(late, LONGEST_MILLISECONDS);
      asked.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      say({ case: "request", value: create(HostRequestSchema, { id, ask: what }) });
    }).finally(() => asked.delete(id));
    return answerOf(reply);
  };

  const refresh = async (): Promise<void> => {
    try {
      const answer = await ask({ case: "getContext", value: create(GetContextSchema) });
      if (answer.case === "context") context.value = answer.value;
      trouble.value = "";
    } catch (error) {
      if (!(error instanceof HostTrouble)) throw error;
      trouble.value = `${error.fault.what} ${error.fault.remedy}`.trim();
      context.value = undefined;
    }
  };

  const hear = ({ data }: MessageEvent): void => {
    const frame = frameOf(data);
    if (frame?.case === "hello") {
      const host = { ...frame.value, id: OWN_HOST };
      hosts.value = [host];
      chosen.value = OWN_HOST;
      say({ case: "welcome", value: host });
      void refresh();
    } else if (frame?.case === "reply") {
      asked.get(frame.value.id)?.(frame.value);
    } else if (frame?.case === "event" && frame.value.event.case === "contextChanged") {
      context.value = frame.value.event.value;
      trouble.value = "";
    }
  };

  const start = (): (() => void) => {
    window.addEventListener("message", hear);
    outlet.postMessage({ secondunit: "host", knock: true });
    return () => window.removeEventListener("message", hear);
  };

  return { hosts, chosen, context, trouble, ask, refresh, start };
}

function frameOf(data: unknown) {
  if (typeof data !== "object" || data === null) return undefined;
  const { secondunit, frame } = data as { secondunit?: unknown; frame?: JsonValue };
  if (secondunit !== "panel" || frame === undefined) return undefined;
  try {
    return fromJson(AttachHostRequestSchema, frame, { ignoreUnknownFields: true }).frame;
  } catch {
    return undefined; // another version's, or no frame of ours
  }
}
