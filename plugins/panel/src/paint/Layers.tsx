/** What is drawn, as a list: chosen by a click, each with its own numbers. */
import type { Span, XY } from "./camera";
import { lacks, maskOf, nameOf, type Drawing, type Kind, type Layer } from "./drawing";
import { bent } from "./gestures";
import { Icon } from "./Icon";
import type { Painting, Tool } from "./painting";
import { coverage, isEmpty, meet } from "./raster";
import { Slider } from "./Tools";

interface Props {
  readonly painting: Painting;
  /** Whether a region may follow the footage under it: of extensions. */
  readonly follows: boolean;
}

const MOST_SHOWN = 16;

export function Layers({ painting, follows }: Props) {
  const { drawing, chosen, tool } = painting;
  const now = drawing.value;
  const one = now.layers.find(({ id }) => id === chosen.value);
  const add = (kind: Kind, next: Tool): void => {
    painting.add(kind);
    tool.value = next;
  };
  return (
    <section class="paint-layers" aria-label="What is drawn">
      <ul>
        {now.layers.map((each) => (
          <li key={each.id} data-kind={each.kind}>
            <button
              type="button" class="paint-layer" aria-pressed={each.id === chosen.value}
              onClick={() => {
                chosen.value = each.id;
                if (tool.peek() === "camera" || tool.peek() === "hand") tool.value = "brush";
              }}
            >
              <i class="paint-swatch" />
              <span>{nameOf(now, each)}</span>
              <small>{wordsOf(now, each)}</small>
            </button>
            <button
              type="button" class="paint-small" aria-label={`Remove ${nameOf(now, each)}`}
              onClick={() => painting.drop(each.id)}
            >
              <Icon sign="bin" />
            </button>
          </li>
        ))}
      </ul>
      <div class="paint-add" role="group" aria-label="Add">
        {maskOf(now) === undefined && (
          <button type="button" onClick={() => add("mask", "brush")}>+ Mask</button>
        )}
        <button type="button" onClick={() => add("stroke", "brush")}>+ Stroke</button>
        <button type="button" onClick={() => add("ambient", "brush")}>+ Ambient</button>
      </div>
      {one !== undefined && <Numbers painting={painting} one={one} follows={follows} />}
    </section>
  );
}

function wordsOf(drawing: Drawing, one: Layer): string {
  const wanting = lacks(drawing, one);
  if (wanting !== "") return wanting;
  if (one.region === undefined) return "where the mask is white";
  const mask = maskOf(drawing)?.region;
  if (one.kind !== "mask" && mask !== undefined && !isEmpty(mask) && !meet(one.region, mask)) {
    return "lies outside the mask, so it stays still";
  }
  const share = coverage(one.region);
  if (one.kind === "mask" && share === 0) return "empty: all of the picture may change";
  return `${share < 0.01 ? "under 1" : Math.round(100 * share)}% of the picture`;
}

function Numbers({ painting, one, follows }: Props & { readonly one: Layer }) {
  const { id, kind } = one;
  const name = nameOf(painting.drawing.value, one);
  return (
    <div class="paint-numbers" role="group" aria-label={name}>
      {kind !== "mask" && (
        <Slider
          name="Strength" unit="%" value={100 * one.strength} least={0} most={100} step={5}
          set={(value) => painting.set(id, { strength: value / 100 }, "strength")}
        />
      )}
      {kind === "stroke" && <Over painting={painting} one={one} />}
      {kind !== "mask" && maskOf(painting.drawing.value) !== undefined && (
        <label class="paint-check">
          <input
            type="checkbox" checked={one.region === undefined}
            onChange={({ currentTarget }) => painting.own(id, !currentTarget.checked)}
          />
          Moves where the mask is white
        </label>
      )}
      {follows && one.region !== undefined && (
        <label class="paint-check">
          <input
            type="checkbox" checked={one.follow}
            onChange={({ currentTarget }) => painting.set(id, { follow: currentTarget.checked }, "follow")}
          />
          Follows the footage under it to the cut
        </label>
      )}
      {kind === "stroke" && one.points.length > 1 && <Points painting={painting} one={one} />}
    </div>
  );
}

/** The frames in which a stroke moves. */
function Over({ painting, one }: { readonly painting: Painting; readonly one: Layer }) {
  const frames = Math.max(1, painting.frames.value);
  const span = one.over ?? { start: 0, frames };
  const set = (start: number, last: number): void => {
    const from = Math.min(frames - 1, Math.max(0, Math.round(start)));
    const to = Math.min(frames - 1, Math.max(from, Math.round(last)));
    const all = from === 0 && to === frames - 1;
    const over: Span | undefined = all ? undefined : { start: from, frames: to - from + 1 };
    painting.set(one.id, { over }, "over");
  };
  const last = span.start + span.frames - 1;
  return (
    <div class="paint-over">
      <span>Frames</span>
      <Whole name="First frame of the stroke" value={span.start} most={frames - 1} set={(n) => set(n, last)} />
      <span>to</span>
      <Whole name="Last frame of the stroke" value={last} most={frames - 1} set={(n) => set(span.start, n)} />
    </div>
  );
}

interface WholeProps {
  readonly name: string;
  readonly value: number;
  readonly most: number;
  readonly set: (value: number) => void;
}

export function Whole({ name, value, most, set }: WholeProps) {
  return (
    <input
      type="number" aria-label={name} min={0} max={most} step={1} value={value}
      onChange={({ currentTarget }) => {
        if (Number.isFinite(currentTarget.valueAsNumber)) set(currentTarget.valueAsNumber);
      }}
    />
  );
}

/** The way in numbers, per cent of the picture. */
function Points({ painting, one }: { readonly painting: Painting; readonly one: Layer }) {
  const move = (n: number, to: XY): void =>
    painting.set(one.id, { points: bent(painting, one.id, n, to) }, `point ${n}`);
  return (
    <details class="paint-points">
      <summary>{one.points.length} points of the way, in numbers</summary>
      <ol>
        {one.points.slice(0, MOST_SHOWN).map((point, n) => (
          <li key={n}>
            <Cent name={`Point ${n + 1}, from the left`} value={point.x} set={(x) => move(n, { ...point, x })} />
            <Cent name={`Point ${n + 1}, from the top`} value={point.y} set={(y) => move(n, { ...point, y })} />
          </li>
        ))}
      </ol>
      {one.points.length > MOST_SHOWN && (
        <p class="paint-hint">And {one.points.length - MOST_SHOWN} more; drag them in the picture.</p>
      )}
    </details>
  );
}

interface CentProps {
  readonly name: string;
  readonly value: number;
  readonly set: (value: number) => void;
}

function Cent({ name, value, set }: CentProps) {
  return (
    <input
      type="number" aria-label={`${name}, per cent`} step={1} value={Math.round(1000 * value) / 10}
      onChange={({ currentTarget }) => {
        if (Number.isFinite(currentTarget.valueAsNumber)) set(currentTarget.valueAsNumber / 100);
      }}
    />
  );
}
