/** Waiting that can be ended early. */

/** Resolves after some milliseconds, or as soon as `ending` says so. */
export function pause(milliseconds: number, ending?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      ending?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    ending?.addEventListener("abort", done);
    if (ending?.aborted === true) done();
  });
}

/** Milliseconds before the next try: longer each time, up to five seconds. */
export function backoff(tries: number): number {
  return Math.min(5000, 250 * 2 ** Math.min(tries, 5));
}
