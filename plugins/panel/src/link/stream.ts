/** Streams of the server over a WebSocket: browsers keep only six HTTP connections to one server. */
import type { DescMessage, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { fromJson, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import type { Session } from "./session";

const SECONDS_TO_FIRST = 6;

interface Frame {
  readonly message?: JsonValue;
  readonly end?: { readonly error?: { readonly code: string; readonly message: string } };
}

/** One method's answers as they come. Throws ConnectError: `Unavailable` where the line is lost. */
export async function* stream<I extends DescMessage, O extends DescMessage>(
  session: Session,
  method: string,
  input: I,
  request: MessageShape<I>,
  output: O,
  ending: AbortSignal,
): AsyncGenerator<MessageShape<O>> {
  const socket = new WebSocket(`${session.base.replace(/^http/, "ws")}/stream`, [
    "secondunit.v1",
    `bearer.${session.token}`,
  ]);
  const waiting: Frame[] = [];
  let wake = (): void => undefined;
  const line = { closed: false, heard: false };
  const close = (): void => {
    line.closed = true;
    wake();
  };
  socket.onopen = () =>
    socket.send(JSON.stringify({ method: `secondunit.v1.${method}`, request: toJson(input, request) }));
  socket.onmessage = (event) => {
    line.heard = true;
    waiting.push(JSON.parse(String(event.data)) as Frame);
    wake();
  };
  socket.onclose = close;
  ending.addEventListener("abort", close);
  // A line that opens and stays silent (a proxy that holds answers back) is no line.
  const silent = setTimeout(() => (line.heard ? undefined : close()), SECONDS_TO_FIRST * 1000);
  try {
    for (;;) {
      for (let frame = waiting.shift(); frame !== undefined; frame = waiting.shift()) {
        if (frame.message !== undefined) {
          yield fromJson(output, frame.message, { ignoreUnknownFields: true });
        } else {
          const error = frame.end?.error;
          if (error === undefined) return;
          throw new ConnectError(error.message, codeOf(error.code));
        }
      }
      if (ending.aborted) return;
      if (line.closed) throw new ConnectError("the line to the server was lost", Code.Unavailable);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    clearTimeout(silent);
    ending.removeEventListener("abort", close);
    socket.close();
  }
}

function codeOf(word: string): Code {
  const name = word.replace(/(^|_)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
  return name in Code ? Code[name as keyof typeof Code] : Code.Unknown;
}
