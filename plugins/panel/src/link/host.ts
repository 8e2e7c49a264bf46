/** The editing program beside the panel, by whichever way it is reached. */
import type { ReadonlySignal, Signal } from "@preact/signals";

import type {
  Host,
  HostAbility,
  HostContext,
  HostFault,
  HostReply,
  HostRequest,
} from "../proto/secondunit/v1/hosts_pb";

export type Ask = HostRequest["ask"];
export type Answer = HostReply["answer"];

/** A way to the programs: through the server, or through the window that holds the panel. */
export interface HostLink {
  /** Those that are there, in the order in which they came. */
  readonly hosts: ReadonlySignal<readonly Host[]>;
  /** Name of the one that is meant; it changes by itself when that one goes. */
  readonly chosen: Signal<string>;
  /** What its editor looks at. Undefined: no program, or it has not said yet. */
  readonly context: ReadonlySignal<HostContext | undefined>;
  /** Why the program tells no context; empty when it does. */
  readonly trouble: ReadonlySignal<string>;
  /** Asks the chosen program for one thing. Throws HostTrouble for what it refuses. */
  ask(ask: Ask): Promise<Answer>;
  /** Has the context told anew. */
  refresh(): Promise<void>;
  /** Begins to listen; the function that is returned ends it. */
  start(): () => void;
}

/** A refusal of the program itself. */
export class HostTrouble extends Error {
  constructor(readonly fault: Pick<HostFault, "code" | "what" | "remedy" | "retryable">) {
    super(fault.what);
    this.name = "HostTrouble";
  }
}

/** The answer of a reply, or its refusal thrown. */
export function answerOf(reply: HostReply | undefined): Answer {
  const answer = reply?.answer ?? { case: undefined };
  if (answer.case === "fault") throw new HostTrouble(answer.value);
  return answer;
}

export function can(host: Host | undefined, ability: HostAbility): boolean {
  return host?.abilities.includes(ability) ?? false;
}
