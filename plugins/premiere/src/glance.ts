/** Notices when the editor looks at something else: Premiere's events, and a glance at what has none. */
import { create, toJsonString } from "@bufbuild/protobuf";

import { HostContextSchema, HostRequestSchema, type HostContext } from "../../panel/src/proto/secondunit/v1/hosts_pb";
import { openCut } from "./cut";
import type { Desk } from "./desk";
import type { Premiere } from "./host";

/** Milliseconds between two glances at the playhead and the marks, which tell nobody that they moved. */
const GLANCE = 400;

/** Tells each new context, at most once a glance. What is returned ends it. */
export function watchContext(premiere: Premiere, desk: Desk, tell: (context: HostContext) => void): () => void {
  const { EventManager, Constants } = premiere.app;
  const names = [
    ...[Constants.SequenceEvent.SELECTION_CHANGED, Constants.SequenceEvent.ACTIVATED, Constants.SequenceEvent.CLOSED],
    ...[Constants.ProjectEvent.ACTIVATED, Constants.ProjectEvent.DIRTY],
  ];
  let [changed, busy, ended] = [true, false, false];
  let [seen, told] = ["", ""];
  const note = (): void => {
    changed = true;
  };
  const look = async (): Promise<void> => {
    const glance = await glanceOf(premiere);
    if (!changed && glance === seen) return;
    [changed, seen] = [false, glance];
    const { answer } = await desk(create(HostRequestSchema, { ask: { case: "getContext", value: {} } }));
    // Where no sequence is open, an empty context says so.
    const context = answer.case === "context" ? answer.value : create(HostContextSchema);
    const text = toJsonString(HostContextSchema, context);
    if (text === told || ended) return;
    told = text;
    tell(context);
  };
  const turn = (): void => {
    if (busy) return;
    busy = true;
    void look().finally(() => (busy = false));
  };
  for (const name of names) EventManager.addGlobalEventListener(name, note);
  const timer = setInterval(turn, GLANCE);
  turn();
  return () => {
    ended = true;
    clearInterval(timer);
    for (const name of names) EventManager.removeGlobalEventListener(name, note);
  };
}

/** Where the playhead and the marks are, in a word; empty where nothing is open. */
async function glanceOf(premiere: Premiere): Promise<string> {
  try {
    const { id, sequence } = await openCut(premiere);
    const times = [sequence.getPlayerPosition(), sequence.getInPoint(), sequence.getOutPoint()];
    return [id, ...(await Promise.all(times)).map(({ ticks }) => ticks)].join(" ");
  } catch {
    return "";
  }
}
