/** From what is asked to takes: jobs made once, their ends written into the history. */
import { fromJson, toJson } from "@bufbuild/protobuf";

import { backoff, pause } from "../link/pause";
import type { Pictures } from "../link/pictures";
import type { Session } from "../link/session";
import { isAway } from "../link/trouble";
import { TakeSchema, type Take } from "../proto/secondunit/v1/deliveries_pb";
import { JobService, JobState, Priority, type CreateJobRequest, type Job } from "../proto/secondunit/v1/jobs_pb";
import { ShotRequestSchema, type ShotRequest } from "../proto/secondunit/v1/shots_pb";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CreateJobRequestSchema } from "../proto/secondunit/v1/jobs_pb";
import type { HostContext } from "../proto/secondunit/v1/hosts_pb";
import type { Asked, History } from "./history";
import type { Queue } from "./queue";
import { optionsFor } from "./request";

const TRIES = 4;

/** What a shot is asked with. */
export interface Wish {
  readonly request: ShotRequest;
  readonly sentence: string;
  readonly track: number;
  readonly context: HostContext;
}

/** Asks for every take of a shot; each is in the history before the server hears of it. */
export async function make(
  session: Session,
  queue: Queue,
  history: History,
  wish: Wish,
  draft: boolean,
): Promise<void> {
  const { request, context } = wish;
  const takes = draft ? 1 : Math.max(1, request.takes ?? 1);
  for (let take = 1; take <= takes; take += 1) {
    const id = crypto.randomUUID();
    await history.put({
      id, when: Date.now(), job: "", sentence: wish.sentence, project: context.project,
      timeline: context.timeline, timelineId: context.timelineId, track: wish.track, draft,
      number: take, request: toJson(ShotRequestSchema, request),
    });
    const asked = {
      requestId: id,
      what: { case: "shot", value: { request, take, options: optionsFor(request, draft) } },
      priority: draft ? Priority.INTERACTIVE : Priority.NORMAL,
      project: context.project,
    } as const;
    const job = await created(session, history, asked);
    queue.add(job);
  }
}

/** The job of a request; the same one however often the line breaks. Throws what the server refuses. */
export async function created(
  session: Session,
  history: History,
  asked: MessageInitShape<typeof CreateJobRequestSchema> & Pick<CreateJobRequest, "requestId">,
): Promise<Job> {
  for (let tries = 0; ; tries += 1) {
    try {
      const { job } = await session.client(JobService).createJob(asked);
      if (job === undefined) throw new Error("the server told nothing of the shot");
      await history.change(asked.requestId, { job: job.id });
      return job;
    } catch (error) {
      if (!isAway(error)) await history.forget(asked.requestId);
      if (!isAway(error) || tries >= TRIES) throw error;
      await pause(backoff(tries));
    }
  }
}

/** Writes the end of a job of ours into the history, its pictures with it. */
export async function keep(history: History, pictures: Pictures, job: Job): Promise<void> {
  const asked = history.find(job.requestId);
  if (asked === undefined || asked.take !== undefined) return;
  if (job.state === JobState.CANCELLED) {
    await history.change(asked.id, { job: job.id, cancelled: true });
  } else if (job.state === JobState.FAILED) {
    const { what = "it failed", remedy = "" } = job.error ?? {};
    await history.change(asked.id, { job: job.id, failed: `${what} ${remedy}`.trim() });
  } else if (job.result?.take !== undefined) {
    const { take } = job.result;
    await history.change(asked.id, { job: job.id, take: toJson(TakeSchema, take) });
    const [poster, sheet] = await Promise.all([
      picture(pictures, take, "poster.png", 320),
      picture(pictures, take, "sheet.png", 1280),
    ]);
    await history.change(asked.id, {
      ...(poster === undefined ? {} : { poster }),
      ...(sheet === undefined ? {} : { sheet }),
    });
  }
}

async function picture(
  pictures: Pictures,
  take: Take,
  name: string,
  longest: number,
): Promise<Blob | undefined> {
  const path = take.thumbnails.find((file) => file.endsWith(name));
  if (path === undefined) return undefined;
  return pictures.get(path, 0, longest).then(({ blob }) => blob, () => undefined);
}

/** The take of a line of the history: as it is published, else as it was made. */
export function takeOf(asked: Asked): Take | undefined {
  const json = asked.published ?? asked.take;
  return json === undefined ? undefined : fromJson(TakeSchema, json, { ignoreUnknownFields: true });
}

export function requestIn(asked: Asked): ShotRequest | undefined {
  return asked.request === undefined
    ? undefined
    : fromJson(ShotRequestSchema, asked.request, { ignoreUnknownFields: true });
}
