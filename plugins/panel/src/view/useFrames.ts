/** The frames of a take as pictures, loaded one after another, the shown one first. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Pictures } from "../link/pictures";
import type { Take } from "../proto/secondunit/v1/deliveries_pb";

/** Pictures of one take at most; longer ones are shown with some frames left out. */
const MOST = 60;

export interface Frames {
  /** Frame of the file of each picture. */
  readonly numbers: readonly number[];
  /** Addresses; undefined where a picture has not come. */
  readonly pictures: ReadonlySignal<readonly (string | undefined)[]>;
  /** Why there are none; empty where there are. */
  readonly trouble: ReadonlySignal<string>;
}

/** Frames of the file that the cut shows, spread over `MOST`. */
export function shownOf(take: Take): readonly number[] {
  const head = take.handles?.head ?? 0;
  const shown = Math.max(1, take.frames - head - (take.handles?.tail ?? 0));
  const count = Math.min(shown, MOST);
  return Array.from({ length: count }, (_, n) =>
    head + (count === 1 ? 0 : Math.round((n * (shown - 1)) / (count - 1))),
  );
}

export function useFrames(pictures: Pictures, take: Take | undefined, longest: number): Frames {
  const found = useSignal<readonly (string | undefined)[]>([]);
  const trouble = useSignal("");
  const file = take?.file ?? "";
  const numbers = take === undefined ? [] : shownOf(take);
  useEffect(() => {
    const state = { gone: false };
    const load = async (): Promise<void> => {
      found.value = numbers.map(() => undefined);
      trouble.value = "";
      for (const [n, frame] of numbers.entries()) {
        if (state.gone) return;
        const { blob } = await pictures.get(file, frame, longest);
        const address = URL.createObjectURL(blob);
        found.value = found.peek().map((old, at) => (at === n ? address : old));
      }
    };
    if (file !== "") {
      load().catch(() => {
        trouble.value = "The pictures come when the server is back.";
      });
    }
    return () => {
      state.gone = true;
      for (const address of found.peek()) if (address !== undefined) URL.revokeObjectURL(address);
    };
  }, [file, longest]);
  return { numbers, pictures: found, trouble };
}
