/** Plays the preview: which frame is shown, and when the next one comes. */
import { signal } from "@preact/signals";

export type Playing = ReturnType<typeof playing>;

/** `frames` and `rate` are read anew at each turn. */
export function playing(frames: () => number, rate: () => number) {
  /** 0: the still itself. */
  const frame = signal(0);
  const on = signal(false);
  let asked = 0;
  const turn = (began: number, first: number) => (now: number): void => {
    if (!on.peek()) return;
    const count = Math.max(1, frames());
    frame.value = (first + Math.floor(((now - began) / 1000) * rate())) % count;
    asked = requestAnimationFrame(turn(began, first));
  };
  const stop = (): void => {
    on.value = false;
    cancelAnimationFrame(asked);
  };
  const play = (): void => {
    stop();
    on.value = true;
    asked = requestAnimationFrame(turn(performance.now(), frame.peek()));
  };
  const show = (wanted: number): void => {
    stop();
    frame.value = Math.min(Math.max(0, frames() - 1), Math.max(0, Math.round(wanted)));
  };
  return { frame, on, play, stop, show };
}
