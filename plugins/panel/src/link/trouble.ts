/** What went wrong, in words for people: what happened, what to do, whether again may help. */
import { Code, ConnectError } from "@connectrpc/connect";

import { ErrorDetailSchema } from "../proto/secondunit/v1/errors_pb";

export interface Fault {
  readonly what: string;
  /** A dotted path to the key that is meant; empty for the request as a whole. */
  readonly path: string;
}

export interface Trouble {
  /** Stable word, as docs/errors.md lists them. */
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  readonly again: boolean;
  readonly faults: readonly Fault[];
}

const AWAY: Trouble = {
  code: "SERVER_UNREACHABLE",
  what: "The server does not answer.",
  remedy: "Start it with `secondunit serve`. What you set here is kept; the panel goes on by itself.",
  again: true,
  faults: [],
};

/** True: the server is not there, or about to stop; it may come back. */
export function isAway(error: unknown): boolean {
  const code = ConnectError.from(error).code;
  // A fetch that fails for want of a server is `Unknown` in some browsers, `Unavailable` in others.
  return code === Code.Unavailable || (code === Code.Unknown && !(error instanceof ConnectError && error.details.length > 0));
}

/** True: the token is not, or no longer, good. */
export function isStranger(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Unauthenticated;
}

export function troubleOf(error: unknown): Trouble {
  const found = ConnectError.from(error);
  const [detail] = found.findDetails(ErrorDetailSchema);
  if (detail !== undefined) {
    return {
      code: detail.code,
      what: detail.what,
      remedy: detail.remedy,
      again: detail.retryable,
      faults: detail.faults.map(({ what, path }) => ({ what, path })),
    };
  }
  if (isAway(error)) return AWAY;
  return {
    code: Code[found.code],
    what: found.rawMessage,
    remedy: "Try again; if it stays so, the server's log says more.",
    again: true,
    faults: [],
  };
}
