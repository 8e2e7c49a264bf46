/** The painter on the frame of the shot, with what the engine obeys. */
import { clearField, clone, create } from "@bufbuild/protobuf";
import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { store } from "../link/store";
import { faultsAt } from "../model/asking";
import type { Panel } from "../model/panel";
import type { Site } from "../model/site";
import { Painter } from "../paint/Painter";
import { painting, type Tool } from "../paint/painting";
import type { Controls } from "../paint/drawing";
import { useFrameOf } from "./useFrameOf";
import { ShotRequestSchema } from "../proto/secondunit/v1/shots_pb";
import type { Engine } from "../proto/secondunit/v1/capabilities_pb";
import { Operation } from "../proto/secondunit/v1/units_pb";

/** Fields whose faults are told below the painter. */
const PAINTED = ["mask", "strokes", "ambients", "cameras"] as const;

export function Paint({ panel, site }: { readonly panel: Panel; readonly site: Site }) {
  const { asking, session, engine } = panel;
  const picture = useFrameOf(panel, site, 1280);
  const size = useComputed(() => asking.context.value?.size ?? picture.value?.size);
  const frames = useComputed(() => asking.site.value?.record.frames ?? 1);
  const controls = useComputed<Controls>(() => {
    const { mask, strokes, ambients, cameras } = asking.settings.value;
    return { mask, strokes, ambients, cameras };
  });
  const work = useMemo(
    () => painting({ size, frames, controls, store: store(session), edit: (drawn) => keep(panel, drawn) }),
    [panel],
  );
  const faults = faultsAt(asking.outlook.value?.plan.faults ?? [], ...PAINTED);
  const rate = asking.context.value?.rate;
  return (
    <>
      <Painter
        painting={work} picture={picture.value?.blob}
        rate={rate === undefined ? 24 : rate.num / rate.den}
        follows={site.operation === Operation.EXTEND}
        without={without(engine.value)}
      />
      {faults.length > 0 && (
        <p class="fault says" role="alert">{faults.map(({ what }) => `${what}.`).join(" ")}</p>
      )}
    </>
  );
}

/** What is drawn belongs to the frame that it is drawn on: so the place is held from then on. */
function keep(panel: Panel, drawn: Controls): void {
  const { asking } = panel;
  const next = clone(ShotRequestSchema, asking.settings.peek());
  clearField(next, ShotRequestSchema.field.mask);
  const { mask, strokes, ambients, cameras } = drawn;
  asking.take(
    create(ShotRequestSchema, { ...next, strokes, ambients, cameras, ...(mask === undefined ? {} : { mask }) }),
  );
  if (mask !== undefined || strokes.length + ambients.length > 0) asking.held.value ??= asking.context.peek();
}

/** Tools that would do nothing, and why. */
function without(engine: Engine | undefined): ReadonlyMap<Tool, string> {
  const none = new Map<Tool, string>();
  if (engine?.strokes === false) none.set("stroke", "This engine follows no strokes; they only guide what it starts from.");
  if (engine?.ambient === false) none.set("ambient", "This engine takes no ambient motion.");
  if (engine?.camera === false) none.set("camera", "This engine follows no camera moves; they only guide what it starts from.");
  return none;
}
