/** The sequence that is open, and its clock. */
import type { Project, Sequence, TickTime } from "@adobe/premierepro";

import type { Premiere } from "./host";
import { Refusal } from "./refusal";
import { frameAt, rateOfTicks, ticksOf, type Pace } from "./ticks";

export interface Cut {
  readonly premiere: Premiere;
  readonly project: Project;
  readonly sequence: Sequence;
  /** Premiere's own name of the sequence, which stays when it is renamed. */
  readonly id: string;
  readonly rate: Pace;
}

/** The open sequence. Throws Refusal if there is none, or if it is not the one that is meant. */
export async function openCut(premiere: Premiere, meant = ""): Promise<Cut> {
  // The types promise both; with nothing open Premiere gives null.
  const project = (await premiere.app.Project.getActiveProject()) as Project | null;
  const sequence = project && ((await project.getActiveSequence()) as Sequence | null);
  if (!project || !sequence) {
    const what = project ? "No sequence is open in Premiere." : "No project is open in Premiere.";
    throw new Refusal("NO_TIMELINE", what, "Open the sequence that you want to work on.", true);
  }
  const id = sequence.guid.toString();
  if (meant !== "" && meant !== id) {
    throw new Refusal(
      "CHANGED",
      `Premiere shows another sequence now, "${sequence.name}"; nothing was changed.`,
      "Open the sequence that this was asked for, and ask again.",
      true,
    );
  }
  const rate = rateOfTicks(BigInt(await sequence.getTimebase()));
  if (rate === undefined) {
    throw new Refusal("HOST", "Premiere does not tell this sequence's frame rate.", "Open another.");
  }
  return { premiere, project, sequence, id, rate };
}

/** Premiere's time of a frame of the sequence, or of a file at its own rate. */
export function timeOf(cut: Cut, frame: number, rate: Pace = cut.rate): TickTime {
  return cut.premiere.app.TickTime.createWithTicks(ticksOf(frame, rate).toString());
}

/** The frame of a time, which may be none: Premiere writes an unset mark as a time before all. */
export function frameOf(time: TickTime, rate: Pace): number {
  return frameAt(BigInt(time.ticks), rate);
}
