/** What is being made, what waits, and what has just ended. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { hasEnded } from "../link/watch";
import { without } from "../model/history";
import type { Panel } from "../model/panel";
import { leftOf, positionOf, type Running } from "../model/queue";
import { nameOf } from "../model/words";
import { JobState, Stage, type Job } from "../proto/secondunit/v1/jobs_pb";

const STAGES: readonly (readonly [Stage, string])[] = [
  [Stage.TIMELINE, "reading the footage"],
  [Stage.PLAN, "planning"],
  [Stage.ENGINE, "making the frames"],
  [Stage.FINISH, "finishing"],
  [Stage.ENCODE, "writing the file"],
  [Stage.PLACE, "putting it away"],
];
const WAITS: Readonly<Record<string, string>> = {
  take: "waits for the same take, which is being made already",
  budget: "waits: the budget is spent",
  policy: "waits for somebody's consent",
  "off-peak": "waits for the quiet hours",
};
/** Ended ones that are still listed. */
const LISTED = 12;

export function Making({ panel }: { readonly panel: Panel }) {
  const all = [...panel.queue.running.value.values()];
  const open = all.filter(({ job }) => !hasEnded(job)).toSorted(byTurn);
  const ended = all.filter(({ job }) => hasEnded(job)).slice(0, LISTED);
  return (
    <section aria-label="Being made">
      <h2>Being made</h2>
      {open.length === 0 && <p class="quiet">Nothing is being made.</p>}
      <ul class="jobs">
        {open.map((running) => <Line key={running.job.id} panel={panel} running={running} />)}
      </ul>
      {ended.length > 0 && <h2>Ended</h2>}
      <ul class="jobs">
        {ended.map((running) => <Line key={running.job.id} panel={panel} running={running} />)}
      </ul>
    </section>
  );
}

function byTurn(a: Running, b: Running): number {
  const running = (one: Running): number => (one.job.state === JobState.RUNNING ? 0 : 1);
  const created = ({ job }: Running): number => Number(job.timings?.created?.seconds ?? 0n);
  return running(a) - running(b) || a.job.priority - b.job.priority || created(a) - created(b);
}

function Line({ panel, running }: { readonly panel: Panel; readonly running: Running }) {
  const { job } = running;
  const mine = panel.history.find(job.requestId);
  const over = hasEnded(job);
  const name = `${nameOf(job.operation)} ${job.name}`;
  return (
    <li data-testid="job" data-state={JobState[job.state].toLowerCase()}>
      <p class="bar">
        <strong class="grow">{name}</strong>
        <span class="quiet">{job.draft ? "draft" : `take ${job.take}`}</span>
      </p>
      {over ? <p class={job.state === JobState.FAILED ? "fault" : "quiet"}>{endWords(job)}</p> : <Steps panel={panel} running={running} />}
      {!over && mine === undefined && <p class="quiet">Somebody else's.</p>}
      <div class="bar">
        {over && job.state !== JobState.SUCCEEDED && mine !== undefined && (
          <button
            type="button" aria-label={`Try again: ${name}`}
            onClick={() => void panel.attempt(async () => {
              const again = await panel.queue.retry(job.id);
              if (again === undefined) return undefined;
              const line = without(mine, "failed", "cancelled");
              await panel.history.put({ ...line, id: again.requestId, when: Date.now(), job: again.id });
              panel.shown.value = again.requestId;
              return "It is tried again.";
            })}
          >
            Try again
          </button>
        )}
        {job.state === JobState.SUCCEEDED && mine !== undefined && (
          <button type="button" onClick={() => (panel.tab.value = "takes")}>See the take</button>
        )}
      </div>
    </li>
  );
}

function endWords(job: Job): string {
  if (job.state === JobState.CANCELLED) return "Cancelled.";
  if (job.state === JobState.FAILED) return `${job.error?.what ?? "It failed."} ${job.error?.remedy ?? ""}`;
  return job.result?.reused === true ? "Made before: nothing was computed." : "Made.";
}

/** Stage, step, time left, place in the queue, and the way to stop it. */
export function Steps({ panel, running }: { readonly panel: Panel; readonly running: Running }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const { job, progress } = running;
  const mine = panel.history.find(job.requestId) !== undefined;
  const part = partOf(running);
  return (
    <div class="steps">
      <progress max={1} value={part} aria-label={`How far ${job.name} is`} />
      <div class="bar">
        <span class="grow" data-testid="step">{stepWords(running, panel.queue.running.value.values())}</span>
        <span class="quiet">{progress === undefined ? "" : leftOf(job, now.value)}</span>
        {mine && (
          <button
            type="button" disabled={job.cancelling} aria-label={`Cancel ${job.name}`}
            onClick={() => void panel.attempt(async () => {
              await panel.queue.cancel(job.id);
              return "It is being stopped.";
            })}
          >
            {job.cancelling ? "Stopping …" : "Cancel"}
          </button>
        )}
      </div>
    </div>
  );
}

/** `making the frames: denoise 3 of 6`, `2 others go first`. */
export function stepWords({ job, progress }: Running, all: Iterable<Running>): string {
  if (job.cancelling) return "stopping";
  if (job.state === JobState.WAITING) return WAITS[job.waitingFor] ?? `waits for ${job.waitingFor}`;
  if (job.state === JobState.QUEUED) {
    const before = positionOf(job, all);
    return before === 0 ? "next in the queue" : before === 1 ? "one goes first" : `${before} go first`;
  }
  if (progress === undefined) return "starting";
  const stage = STAGES.find(([one]) => one === progress.stage)?.[1] ?? "working";
  const known = STAGES.some(([one]) => Stage[one].toLowerCase() === progress.doing);
  const doing = progress.doing === "" || known ? "" : `: ${progress.doing}`;
  const steps = progress.steps > 0 ? ` ${Math.min(progress.step + 1, progress.steps)} of ${progress.steps}` : "";
  return `${stage}${doing}${steps}`;
}

/** 0..1, by the stages' usual shares of the time. */
function partOf({ job, progress }: Running): number {
  if (progress === undefined || job.state !== JobState.RUNNING) return 0;
  const shares = [0.03, 0.02, 0.6, 0.15, 0.19, 0.01];
  const at = Math.max(0, STAGES.findIndex(([stage]) => stage === progress.stage));
  const before = shares.slice(0, at).reduce((sum, share) => sum + share, 0);
  const within = progress.steps > 0 ? progress.step / progress.steps : 0;
  return before + (shares[at] ?? 0) * Math.min(1, within);
}
