/** Premiere's rule for changes, as it is since 26.3: an action lives in the lock it was made in. */
import type { Action, CompoundAction } from "@adobe/premierepro";

import type { State } from "./state";

/** Members that are given are checked by Adobe's types; those that are not are not there. */
export function part<T>(given: Partial<T>): T {
  return given as T;
}

export interface History {
  readonly label: string;
  readonly before: State;
}

export class Lock {
  readonly history: History[] = [];
  #session = 0;
  #locked = false;
  readonly #made = new WeakMap<object, { readonly session: number; readonly run: () => void }>();

  constructor(readonly state: State) {}

  /** Steps of the history by name, the newest last. */
  get labels(): readonly string[] {
    return this.history.map(({ label }) => label);
  }

  action(run: () => void): Action {
    if (!this.#locked) throw new Error("actions are created inside lockedAccess");
    const made = {};
    this.#made.set(made, { session: this.#session, run });
    return made;
  }

  lockedAccess = (callback: () => void): void => {
    this.#locked = true;
    this.#session += 1;
    try {
      callback();
    } finally {
      this.#locked = false;
    }
  };

  executeTransaction = (callback: (compound: CompoundAction) => void, label = ""): boolean => {
    const runs: (() => void)[] = [];
    const addAction = (action: Action): boolean => {
      const made = this.#made.get(action);
      if (made?.session !== this.#session) throw new Error("the action is of another lock");
      runs.push(made.run);
      return true;
    };
    callback(part<CompoundAction>({ addAction, empty: false }));
    if (runs.length === 0) return false;
    this.history.push({ label, before: structuredClone(this.state) });
    for (const run of runs) run();
    return true;
  };

  undo(): void {
    const last = this.history.pop();
    if (last === undefined) throw new Error("there is nothing to undo");
    Object.assign(this.state, last.before);
  }
}
