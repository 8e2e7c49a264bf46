/** What happens to one shot while it is made: a stream, long polls where streams do not arrive. */
import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import {
  JobService,
  JobState,
  WatchJobRequestSchema,
  WatchJobResponseSchema,
  type Job,
  type JobEvent,
  type Preview,
} from "../proto/secondunit/v1/jobs_pb";
import { backoff, pause } from "./pause";
import type { Session } from "./session";
import { stream } from "./stream";

/** Whoever wants to know. */
export interface Watcher {
  readonly job: (job: Job) => void;
  readonly event: (event: JobEvent) => void;
  readonly preview: (preview: Preview) => void;
}

const ENDED: readonly JobState[] = [JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED];
const LOST: readonly Code[] = [Code.Unavailable, Code.Unknown, Code.DeadlineExceeded, Code.Aborted];

export function hasEnded(job: Pick<Job, "state">): boolean {
  return ENDED.includes(job.state);
}

/**
 * Follows a job until it has ended, through lost lines and a server that went and came back: it
 * goes on after the last event that was seen. Throws what cannot be helped by waiting.
 */
export async function watch(
  session: Session,
  id: string,
  watcher: Watcher,
  ending: AbortSignal,
): Promise<void> {
  const place = { after: 0n, preview: 0n };
  let polled = false;
  for (let tries = 0; !ending.aborted; tries += 1) {
    const before = place.after;
    try {
      const done = await (polled ? poll : streamed)(session, id, place, watcher, ending);
      if (done) return;
      if (polled) tries = -1;
    } catch (error) {
      const code = ConnectError.from(error).code;
      if (code === Code.OutOfRange) place.after = await now(session, id, watcher);
      else if (!LOST.includes(code)) throw error;
      // Nothing came by the stream: the next try asks instead of listening, and then again listens.
      polled = !polled && place.after === before;
    }
    if (place.after > before) tries = 0;
    await pause(backoff(tries), ending);
  }
}

interface Place {
  after: bigint;
  preview: bigint;
}

async function streamed(
  session: Session,
  id: string,
  place: Place,
  watcher: Watcher,
  ending: AbortSignal,
): Promise<boolean> {
  const request = create(WatchJobRequestSchema, { jobId: id, afterSequence: place.after });
  const answers = stream(
    session, "JobService/WatchJob", WatchJobRequestSchema, request, WatchJobResponseSchema, ending,
  );
  for await (const { update } of answers) {
    if (update.case === "snapshot") watcher.job(update.value);
    else if (update.case === "event") tell(update.value, place, watcher);
  }
  return !ending.aborted && hasEnded(await job(session, id, watcher));
}

async function poll(
  session: Session,
  id: string,
  place: Place,
  watcher: Watcher,
  ending: AbortSignal,
): Promise<boolean> {
  const found = await session.client(JobService).listJobEvents(
    {
      jobId: id,
      afterSequence: place.after,
      wait: create(DurationSchema, { seconds: 20n }),
      afterPreview: place.preview,
    },
    { signal: ending },
  );
  for (const event of found.events) tell(event, place, watcher);
  if (found.preview !== undefined) {
    place.preview = found.preview.number;
    watcher.preview(found.preview);
  }
  if (found.job === undefined) return false;
  watcher.job(found.job);
  return hasEnded(found.job) && found.job.sequence <= place.after;
}

function tell(event: JobEvent, place: Place, watcher: Watcher): void {
  if (event.event.case === "preview") {
    watcher.preview(event.event.value);
    return;
  }
  if (event.sequence > 0n) {
    if (event.sequence <= place.after) return;
    place.after = event.sequence;
  }
  watcher.event(event);
}

async function job(session: Session, id: string, watcher: Watcher): Promise<Job> {
  const found = (await session.client(JobService).getJob({ jobId: id })).job;
  if (found === undefined) throw new ConnectError("the server told nothing", Code.Unavailable);
  watcher.job(found);
  return found;
}

async function now(session: Session, id: string, watcher: Watcher): Promise<bigint> {
  return (await job(session, id, watcher)).sequence;
}
