/** Everything that waits, runs or has just ended, and how far it is. */
import { signal, type ReadonlySignal } from "@preact/signals";

import { backoff, pause } from "../link/pause";
import type { Session } from "../link/session";
import { hasEnded, watch } from "../link/watch";
import {
  JobService,
  JobState,
  Priority,
  type Job,
  type Preview,
  type Progress,
} from "../proto/secondunit/v1/jobs_pb";
import { secondsOf, timeWords } from "./words";

/** Streams that one panel keeps open; the rest is looked up. */
const MOST_WATCHED = 3;
const BUSY_MILLISECONDS = 1500;
const IDLE_MILLISECONDS = 3000;

/** A job as it is now. */
export interface Running {
  readonly job: Job;
  readonly progress: Progress | undefined;
  /** A blob address of the newest picture of the work. */
  readonly preview: string | undefined;
  /** The last line for people. */
  readonly said: string;
}

export interface Queue {
  /** By the job's name, the newest first. */
  readonly running: ReadonlySignal<ReadonlyMap<string, Running>>;
  /** Puts a job there that has just been made, so that nobody waits for the next look. */
  add(job: Job): void;
  /** Looks at once instead of in a while. */
  look(): void;
  cancel(id: string): Promise<void>;
  /** The new job that tries again. */
  retry(id: string): Promise<Job | undefined>;
  start(): () => void;
}

/** `ended` hears of each job once, when it has ended; also of those that ended unseen. */
export function queue(session: Session, ended: (job: Job) => void): Queue {
  const running = signal<ReadonlyMap<string, Running>>(new Map());
  const watched = new Set<string>();
  const told = new Set<string>();
  const ending = new AbortController();
  const client = session.client(JobService);
  let wake = new AbortController();

  const change = (id: string, patch: (known: Running | undefined) => Running): void => {
    const next = new Map(running.peek());
    next.set(id, patch(next.get(id)));
    running.value = next;
  };

  const see = (job: Job): void => {
    change(job.id, (known) => ({
      job: known !== undefined && known.job.sequence > job.sequence ? known.job : job,
      progress: job.progress ?? known?.progress,
      preview: known?.preview,
      said: known?.said ?? "",
    }));
    if (hasEnded(job) && !told.has(job.id)) {
      told.add(job.id);
      ended(job);
    }
  };

  const follow = async (id: string): Promise<void> => {
    watched.add(id);
    const known = (patch: (one: Running) => Running): void => {
      if (running.peek().has(id)) change(id, (one) => (one === undefined ? one : patch(one)) as Running);
    };
    try {
      await watch(
        session,
        id,
        {
          job: see,
          preview: (preview) => known((one) => ({ ...one, preview: pictureOf(preview, one.preview) })),
          event: ({ event, sequence }) => {
            if (event.case === "progress") known((one) => ({ ...one, progress: event.value }));
            if (event.case === "log") known((one) => ({ ...one, said: event.value.text }));
            if (event.case === "state")
              known((one) => ({
                ...one,
                job: { ...one.job, state: event.value.state, attempt: event.value.attempt, sequence },
              }));
          },
        },
        ending.signal,
      );
    } catch {
      // The next look at the list tells what became of it.
    } finally {
      watched.delete(id);
    }
  };

  const look = async (): Promise<void> => {
    const { jobs } = await client.listJobs({ pageSize: 50 }, { signal: ending.signal });
    const names = new Set(jobs.map(({ id }) => id));
    running.value = new Map([...running.peek()].filter(([id]) => names.has(id)));
    for (const job of jobs) see(job);
    const open = jobs.filter((job) => !hasEnded(job) && !watched.has(job.id));
    open.sort((a, b) => Number(b.state === JobState.RUNNING) - Number(a.state === JobState.RUNNING));
    for (const { id } of open.slice(0, Math.max(0, MOST_WATCHED - watched.size))) void follow(id);
  };

  const loop = async (): Promise<void> => {
    for (let tries = 0; !ending.signal.aborted; ) {
      try {
        if (session.standing.peek() === "paired") await look();
        tries = 0;
      } catch {
        tries += 1; // the session says why
      }
      const busy = [...running.peek().values()].some(({ job }) => !hasEnded(job));
      wake = new AbortController();
      const usual = busy ? BUSY_MILLISECONDS : IDLE_MILLISECONDS;
      await pause(tries > 0 ? backoff(tries) : usual, wake.signal);
    }
  };

  return {
    running,
    add: (job) => {
      see(job);
      wake.abort();
    },
    look: () => wake.abort(),
    cancel: async (id) => {
      const { job } = await client.cancelJob({ jobId: id });
      if (job !== undefined) see(job);
    },
    retry: async (id) => {
      const { job } = await client.retryJob({ jobId: id, requestId: crypto.randomUUID() });
      if (job !== undefined) see(job);
      wake.abort();
      return job;
    },
    start: () => {
      const stop = session.standing.subscribe(() => wake.abort());
      void loop();
      return () => {
        stop();
        ending.abort();
        wake.abort();
      };
    },
  };
}

function pictureOf(preview: Preview, old: string | undefined): string | undefined {
  if (preview.picture.case !== "data") return old;
  const type = preview.mediaType;
  const blob = new Blob([preview.picture.value as Uint8Array<ArrayBuffer>], { type });
  const fresh = URL.createObjectURL(blob);
  // The picture before is on the screen until this one is.
  if (old !== undefined) setTimeout(() => URL.revokeObjectURL(old), 2000);
  return fresh;
}

/** How many others go before a job that waits its turn; 0: it is next. */
export function positionOf(job: Job, all: Iterable<Running>): number {
  const rank = (one: Job): number => one.priority || Priority.NORMAL;
  const key = (one: Job): number => Number(one.timings?.created?.seconds ?? 0n) * 1e3 + (one.timings?.created?.nanos ?? 0) / 1e6;
  return [...all].filter(
    ({ job: other }) =>
      other.id !== job.id && other.state === JobState.QUEUED &&
      (rank(other) < rank(job) || (rank(other) === rank(job) && key(other) < key(job))),
  ).length;
}

/** `about 8 s left`; empty where nothing is known. `now`: milliseconds since 1970. */
export function leftOf(job: Job, now: number): string {
  const started = job.timings?.started;
  const whole = secondsOf(job.estimate?.renderTime);
  if (started === undefined || whole === undefined || job.state !== JobState.RUNNING) return "";
  const passed = now / 1000 - Number(started.seconds) - started.nanos / 1e9;
  if (passed < whole) return `about ${timeWords(whole - passed)} left`;
  const latest = secondsOf(job.estimate?.latest) ?? whole;
  return passed < latest ? `up to ${timeWords(latest - passed)} more` : "longer than expected";
}
