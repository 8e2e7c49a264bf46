/** The camera's moves in numbers. */
import { Ease } from "../proto/secondunit/v1/shots_pb";
import type { Move } from "./camera";
import { moves, STILL_MOVE } from "./drawing";
import { movesOf } from "./gestures";
import { Icon } from "./Icon";
import { Whole } from "./Layers";
import type { Painting } from "./painting";
import { Choice } from "./Tools";

type Field = "pan" | "tilt" | "roll" | "truck" | "pedestal" | "dolly" | "zoom" | "fov";

interface FieldWords {
  readonly name: string;
  readonly unit: string;
  readonly title: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  /** Where nothing is said. */
  readonly usual: number;
}

const FIELDS: readonly (readonly [Field, FieldWords])[] = [
  ["pan", { name: "Pan", unit: "°", title: "+ turns right: the picture goes left", least: -80, most: 80, step: 0.5, usual: 0 }],
  ["tilt", { name: "Tilt", unit: "°", title: "+ turns up: the picture goes down", least: -80, most: 80, step: 0.5, usual: 0 }],
  ["roll", { name: "Roll", unit: "°", title: "+ turns the picture clockwise", least: -360, most: 360, step: 0.5, usual: 0 }],
  ["truck", { name: "Truck", unit: "%", title: "Of the width, + goes right", least: -200, most: 200, step: 0.5, usual: 0 }],
  ["pedestal", { name: "Pedestal", unit: "%", title: "Of the height, + goes up", least: -200, most: 200, step: 0.5, usual: 0 }],
  ["dolly", { name: "Dolly", unit: "%", title: "+ goes forward and enlarges", least: -90, most: 400, step: 1, usual: 0 }],
  ["zoom", { name: "Zoom", unit: "×", title: "Above 1 enlarges about the centre", least: 0.1, most: 10, step: 0.05, usual: 1 }],
  ["fov", { name: "Lens", unit: "°", title: "Horizontal field of view that pan and tilt are meant at", least: 1, most: 170, step: 1, usual: 50 }],
];

const EASES = [
  ["linear", "even"], ["in", "starts slowly"], ["out", "ends slowly"], ["in-out", "starts and ends slowly"],
] as const;
const EASE_OF = { linear: Ease.LINEAR, in: Ease.IN, out: Ease.OUT, "in-out": Ease.IN_OUT } as const;

export function Camera({ painting }: { readonly painting: Painting }) {
  const { drawing, camera, frames } = painting;
  const { cameras } = drawing.value;
  const { moves: shown, index } = movesOf(painting);
  const move = shown[Math.min(camera.value, index)] ?? STILL_MOVE;
  const put = (patch: Partial<Move>, tag: string): void =>
    painting.film(shown.with(index, { ...move, ...patch }), `${tag}:${index}`);
  const count = Math.max(1, frames.value);
  const span = move.over ?? { start: 0, frames: count };
  const last = span.start + span.frames - 1;
  const over = (first: number, end: number): void => {
    const from = Math.min(count - 1, Math.max(0, Math.round(first)));
    const to = Math.min(count - 1, Math.max(from, Math.round(end)));
    const all = from === 0 && to === count - 1;
    put({ over: all ? undefined : { start: from, frames: to - from + 1 } }, "over");
  };
  const ease = EASES.find(([name]) => EASE_OF[name] === move.ease)?.[0] ?? "linear";
  return (
    <section class="paint-camera" aria-label="Camera move">
      {cameras.length > 1 && (
        <div class="paint-add" role="group" aria-label="Moves, which add up">
          {cameras.map((_, n) => (
            <button key={n} type="button" aria-pressed={n === index} onClick={() => (camera.value = n)}>
              Move {n + 1}
            </button>
          ))}
        </div>
      )}
      <div class="paint-grid">
        {FIELDS.map(([field, words]) => (
          <label key={field} title={words.title}>
            <span>{words.name}</span>
            <span class="paint-unit" data-unit={words.unit}>
              <input
                type="number" min={words.least} max={words.most} step={words.step}
                aria-label={`${words.name}: ${words.title}`}
                value={move[field] ?? words.usual}
                onInput={({ currentTarget }) => {
                  const value = currentTarget.valueAsNumber;
                  if (value >= words.least && value <= words.most) put({ [field]: value }, field);
                }}
              />
            </span>
          </label>
        ))}
      </div>
      <div class="paint-over">
        <Choice
          name="Ease" value={ease} of={EASES}
          set={(name) => put({ ease: EASE_OF[name] }, "ease")}
        />
        <span class="paint-range">
          <span>Frames</span>
          <Whole name="First frame of the move" value={span.start} most={count - 1} set={(n) => over(n, last)} />
          <span>to</span>
          <Whole name="Last frame of the move" value={last} most={count - 1} set={(n) => over(span.start, n)} />
        </span>
      </div>
      <div class="paint-add">
        {cameras.some(moves) && (
          <button
            type="button"
            onClick={() => {
              painting.film([...cameras, STILL_MOVE], "");
              camera.value = cameras.length;
            }}
          >
            + Move
          </button>
        )}
        {cameras.length > 0 && (
          <button
            type="button"
            onClick={() => {
              painting.film(cameras.filter((_, n) => n !== index), "");
              camera.value = Math.max(0, index - 1);
            }}
          >
            <Icon sign="bin" /> {cameras.length > 1 ? `Remove move ${index + 1}` : "No camera move"}
          </button>
        )}
      </div>
    </section>
  );
}
