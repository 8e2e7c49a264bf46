/** One change of the project with one name in its history: all of it happens, or nothing. */
import type { Action, Project } from "@adobe/premierepro";

import { Refusal } from "./refusal";

/**
 * Makes an action. Since 26.3 actions live only inside the lock that they are made in, so
 * that a change is given as makers, never as actions.
 */
export type Maker = () => Action;

/** Throws Refusal if Premiere refuses; then nothing has changed. */
export function change(project: Project, label: string, makers: readonly Maker[]): void {
  if (makers.length === 0) return;
  const outcome = { done: false };
  project.lockedAccess(() => {
    outcome.done = project.executeTransaction((compound) => {
      for (const make of makers) {
        if (!compound.addAction(make())) throw new Error(`a step of "${label}" was not taken`);
      }
    }, label);
  });
  if (!outcome.done) {
    throw new Refusal(
      "HOST",
      `Premiere refused "${label}"; the project is as it was.`,
      "Look whether a track is locked or a dialogue is open, then try again.",
      true,
    );
  }
}
