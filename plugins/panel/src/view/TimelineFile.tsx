/** A timeline file without any editing program: what it asks for, made and put into a new file. */
import { useSignal, type Signal } from "@preact/signals";

import { addressOf } from "../link/blobs";
import { hasEnded } from "../link/watch";
import { created } from "../model/making";
import type { Panel } from "../model/panel";
import { folderOf } from "../model/request";
import { framesWords, moneyWords, nameOf, secondsOf, timeWords } from "../model/words";
import { JobState, Priority, type Job } from "../proto/secondunit/v1/jobs_pb";
import { AdaptationLevel, PlanService, type PlanTimelineResponse, type ShotPlan } from "../proto/secondunit/v1/plans_pb";
import { Profile, TimelineService, type PlaceTimelineResponse } from "../proto/secondunit/v1/timeline_pb";
import { Field } from "./Field";
import { Steps } from "./Making";

const PATH = "secondunit.timeline";

export function TimelineFile({ panel }: { readonly panel: Panel }) {
  const path = useSignal(sessionStorage.getItem(PATH) ?? "");
  const plan = useSignal<PlanTimelineResponse | undefined>(undefined);
  const dropped = useSignal("");
  const { session, attempt } = panel;
  const open = (): Promise<void> =>
    attempt(async () => {
      const timeline = path.peek().trim().replace(/^"|"$/g, "");
      sessionStorage.setItem(PATH, timeline);
      if (plan.peek()?.timeline !== timeline) plan.value = undefined;
      plan.value = await session
        .client(PlanService)
        .planTimeline({ timeline, options: { roots: [folderOf(timeline)] } });
      return undefined;
    });
  return (
    <section
      class="file-pane" aria-label="Timeline file"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const uri = event.dataTransfer?.getData("text/uri-list").split("\n")[0]?.trim() ?? "";
        const name = event.dataTransfer?.files[0]?.name ?? "";
        if (uri.startsWith("file://")) {
          path.value = decodeURIComponent(new URL(uri).pathname).replace(/^\/(?=[A-Za-z]:)/, "");
          void open();
        } else if (name !== "") {
          dropped.value = `A browser does not tell where "${name}" lies, and its footage is found from there. Copy its path in your file manager and paste it here.`;
        }
      }}
    >
      <h2>Timeline file</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void open();
        }}
      >
        <Field
          name="Path of the timeline"
          hint={dropped.value === "" ? "An .otio, .otioz, .fcpxml, .xml, .edl or .aaf file on the server's machine. The file is never written to." : dropped.value}
        >
          {(attributes) => (
            <input
              {...attributes} spellcheck={false} autocomplete="off" placeholder="/edit/cut.otio" value={path}
              onInput={({ currentTarget }) => (path.value = currentTarget.value)}
            />
          )}
        </Field>
        <div class="bar"><button type="submit" disabled={path.value.trim() === ""}>Read it</button></div>
      </form>
      {plan.value !== undefined && <Plan panel={panel} plan={plan.value} again={open} />}
    </section>
  );
}

function Plan({ panel, plan, again }: { readonly panel: Panel; readonly plan: PlanTimelineResponse; readonly again: () => Promise<void> }) {
  const seconds = secondsOf(plan.estimate?.renderTime);
  const cost = plan.estimate?.cost;
  const missing = plan.plans.filter(({ made }) => made === undefined);
  const jobs = useSignal<readonly string[]>([]);
  const result = useSignal<PlaceTimelineResponse | undefined>(undefined);
  const running = jobs.value.map((id) => panel.queue.running.value.get(id)?.job).filter((job) => job !== undefined);
  const over = jobs.value.length > 0 && running.length === jobs.value.length && running.every(hasEnded);
  const makeAll = (draft: boolean): Promise<void> =>
    panel.attempt(async () => {
      result.value = undefined;
      const made: string[] = [];
      for (const one of missing) made.push((await ask(panel, plan, one, draft)).id);
      jobs.value = made;
      return `${made.length === 1 ? "One take is" : `${made.length} takes are`} being made.`;
    });
  return (
    <>
      <h3>{plan.name}</h3>
      {plan.faults.length > 0 && (
        <ul class="fault" role="alert">{plan.faults.map(({ what, path }) => <li key={path + what}>{what} <span class="quiet">({path})</span></li>)}</ul>
      )}
      {plan.notices.length > 0 && <details><summary>Noticed</summary><ul>{plan.notices.map((one) => <li key={one}>{one}</li>)}</ul></details>}
      {plan.plans.length === 0 && plan.faults.length === 0 && (
        <p>This timeline asks for nothing. Give a clip or a gap a marker with the text <code>gen: bridge</code>, and read it again.</p>
      )}
      <ul class="jobs">
        {plan.plans.map((one) => <ShotLine key={one.digest} panel={panel} plan={one} jobs={jobs} />)}
      </ul>
      {plan.plans.length > 0 && (
        <>
          <p class="estimate">
            {missing.length === 0 ? "All of it is made." : `${missing.length} to make`}
            {seconds === undefined || missing.length === 0 ? "" : `, about ${timeWords(seconds)}`}
            {cost === undefined ? "" : `, ${moneyWords(cost)}`}
          </p>
          <div class="bar chiefs">
            <button type="button" disabled={missing.length === 0 || plan.faults.length > 0} onClick={() => void makeAll(true)}>Draft all</button>
            <button type="button" class="chief" disabled={missing.length === 0 || plan.faults.length > 0} onClick={() => void makeAll(false)}>Make all</button>
          </div>
          <div class="bar">
            <button
              type="button" class={over ? "chief" : ""} disabled={!over && missing.length > 0}
              onClick={() => void panel.attempt(async () => {
                const ready = running.filter(({ state }) => state === JobState.SUCCEEDED).map(({ id }) => id);
                const kept = plan.plans.filter(({ made }) => made !== undefined).map(({ digest }) => digest);
                result.value = await panel.session.client(TimelineService).placeTimeline({
                  timeline: plan.timeline, jobIds: ready, kept, profile: Profile.OTIO,
                  options: { roots: [folderOf(plan.timeline)] },
                });
                await again();
                return "The new timeline is written; the one you opened is as it was.";
              })}
            >
              Write the new timeline
            </button>
          </div>
        </>
      )}
      {result.value !== undefined && <Written result={result.value} />}
    </>
  );
}

async function ask(panel: Panel, plan: PlanTimelineResponse, shot: ShotPlan, draft: boolean): Promise<Job> {
  const requestId = crypto.randomUUID();
  await panel.history.put({
    id: requestId, when: Date.now(), job: "", project: "", timeline: plan.name, timelineId: plan.timeline,
    sentence: `${nameOf(shot.operation)} ${framesWords(shot.frames)}: ${shot.name}`,
    track: shot.track, draft, number: shot.take,
  });
  const options = { draft, roots: [folderOf(plan.timeline)] };
  const what = { case: "timeline", value: { timeline: plan.timeline, shotId: shot.shotId, take: shot.take, options } } as const;
  const priority = draft ? Priority.INTERACTIVE : Priority.NORMAL;
  const job = await created(panel.session, panel.history, { requestId, what, priority });
  panel.queue.add(job);
  return job;
}

function ShotLine({ panel, plan, jobs }: { readonly panel: Panel; readonly plan: ShotPlan; readonly jobs: Signal<readonly string[]> }) {
  const running = jobs.value
    .map((id) => panel.queue.running.value.get(id))
    .find((one) => one?.job.shotId === plan.shotId && one.job.take === plan.take);
  const clip = running?.job.result?.take?.clip;
  const file = running?.job.result?.take?.file ?? "";
  return (
    <li data-testid="shot">
      <p class="bar">
        <strong class="grow">{nameOf(plan.operation)} {plan.name}</strong>
        <span class="quiet">{framesWords(plan.frames)}, {plan.engine}</span>
      </p>
      {plan.adaptations.filter(({ level }) => level !== AdaptationLevel.EXACT).map(({ what, path }) => <p key={path + what} class="quiet">{what}</p>)}
      {plan.made !== undefined && <p class="good">Made: <code>{plan.made.file.replace(/^.*[\\/]/, "")}</code></p>}
      {running !== undefined && !hasEnded(running.job) && <Steps panel={panel} running={running} />}
      {running?.job.state === JobState.FAILED && <p class="fault">{running.job.error?.what} {running.job.error?.remedy}</p>}
      {clip !== undefined && (
        <p class="bar">
          <span class="good grow">Made.</span>
          <a class="button" href={addressOf(panel.session, clip)} download={`${plan.name}_${plan.shotId}${/\.[^.]+$/.exec(file)?.[0] ?? ""}`}>Download</a>
        </p>
      )}
    </li>
  );
}

function Written({ result }: { readonly result: PlaceTimelineResponse }) {
  return (
    <div class="written" role="status">
      <p>Written: <code data-testid="written">{result.timeline}</code></p>
      {result.files.map((file) => <p key={file}><code>{file}</code></p>)}
      {result.notices.length > 0 && <ul>{result.notices.map((one) => <li key={one}>{one}</li>)}</ul>}
    </div>
  );
}
