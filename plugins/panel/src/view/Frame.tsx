/** The frame of the shot: its footage, the picture of work in progress, the draft in its place. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { hasEnded } from "../link/watch";
import type { Asked } from "../model/history";
import { requestIn, takeOf } from "../model/making";
import type { Panel } from "../model/panel";
import { heldBy } from "../model/request";
import type { Site } from "../model/site";
import { useFrameOf } from "./useFrameOf";
import { Paint } from "./Paint";
import { Player } from "./Player";
import { Steps } from "./Making";

export function Frame({ panel, site }: { readonly panel: Panel; readonly site: Site }) {
  const asked = useComputed(() => panel.history.all.value.find(({ id }) => id === panel.shown.value));
  const run = useComputed(() =>
    [...panel.queue.running.value.values()].find(({ job }) => job.requestId === panel.shown.value),
  );
  const line = ofSite(asked.value, site);
  const take = line === undefined ? undefined : takeOf(line);
  const live = run.value;
  const working = live !== undefined && !hasEnded(live.job);
  const face = useSignal<"frame" | "made">("frame");
  useEffect(() => {
    if (panel.shown.value !== "") face.value = "made";
  }, [panel.shown.value]);
  const made = line !== undefined && (working || take !== undefined || line.failed !== undefined);
  return (
    <section class="frame" aria-label="The frame">
      {made && (
        <div class="tabs small" role="tablist" aria-label="What is shown">
          <Face name="Frame" on={face.value === "frame"} turn={() => (face.value = "frame")} />
          <Face
            name={line.draft ? "Draft" : "Take"} on={face.value === "made"}
            turn={() => (face.value = "made")}
          />
        </div>
      )}
      {made && face.value === "made" ? (
        <div data-testid="made">
          {working ? (
            <>
              <div class="stack live" style={shape(site)}>
                {live.preview === undefined
                  ? <p class="quiet over">The first picture comes soon.</p>
                  : <img src={live.preview} alt="Work in progress" data-testid="preview" />}
              </div>
              <Steps panel={panel} running={live} />
            </>
          ) : take !== undefined ? (
            <Player pictures={panel.pictures} take={take} name={line.draft ? "Draft" : "Take"} />
          ) : (
            <p class="fault" role="alert">{line.failed}</p>
          )}
        </div>
      ) : heldBy(site) === "" ? <Paint panel={panel} site={site} /> : (
        <>
          <Still panel={panel} site={site} />
          <p class="quiet says">{heldBy(site)}</p>
        </>
      )}
    </section>
  );
}

function Face({ name, on, turn }: { readonly name: string; readonly on: boolean; readonly turn: () => void }) {
  return (
    <button type="button" role="tab" aria-selected={on} onClick={turn}>
      {name}
    </button>
  );
}

function shape(site: Site): { aspectRatio?: string } {
  return site.track < 0 ? {} : { aspectRatio: "16 / 9" };
}

function Still({ panel, site }: { readonly panel: Panel; readonly site: Site }) {
  const picture = useFrameOf(panel, site, 960);
  return picture.value === undefined ? (
    <div class="stack"><p class="quiet over">The frame at the cut</p></div>
  ) : (
    <img class="still" src={picture.value.address} alt="The frame at the cut" />
  );
}

/** A take of this very place; one of another shot is looked at among the takes. */
function ofSite(line: Asked | undefined, site: Site): Asked | undefined {
  const request = line === undefined ? undefined : requestIn(line);
  const same =
    request?.operation === site.operation && request.edge === site.edge &&
    request.record?.start === site.record.start && request.record.frames === site.record.frames;
  return same ? line : undefined;
}
