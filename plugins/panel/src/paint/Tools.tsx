/** The tools, the brush's measures, and what can be done to all of a region. */
import { useComputed } from "@preact/signals";

import { Icon } from "./Icon";
import { LEAST_RADIUS, MOST_RADIUS, type Painting, type Tool } from "./painting";

/** Each tool's name, key, and what it is for. */
export const TOOL_WORDS: Readonly<Record<Tool, readonly [name: string, key: string, does: string]>> = {
  brush: ["Brush", "B", "Paint where the picture may change"],
  erase: ["Erase", "E", "Take paint away"],
  polygon: ["Polygon", "P", "Click corners; a double click or the first corner closes it"],
  stroke: ["Stroke", "S", "Drag the way that something goes"],
  ambient: ["Ambient", "A", "Paint what sways: water, leaves, smoke"],
  camera: ["Camera", "C", "Drag the box of what the last frame sees"],
  hand: ["Hand", "H", "Move the picture; also with the space bar held"],
};

interface Props {
  readonly painting: Painting;
  /** Tools that the engine or the operation has no use for, and why. */
  readonly without: ReadonlyMap<Tool, string>;
}

export function Tools({ painting, without }: Props) {
  const { tool, can } = painting;
  const tools = Object.entries(TOOL_WORDS) as [Tool, (typeof TOOL_WORDS)[Tool]][];
  return (
    <div class="paint-tools" role="toolbar" aria-label="Tools">
      {tools.map(([one, [name, key, does]]) => (
        <button
          key={one}
          type="button"
          aria-label={name}
          aria-pressed={tool.value === one}
          aria-keyshortcuts={key}
          data-idle={without.has(one)}
          title={`${name} (${key}). ${without.get(one) ?? does}.`}
          onClick={() => (tool.value = one)}
        >
          <Icon sign={one} />
          <span>{name}</span>
        </button>
      ))}
      <span class="paint-apart" />
      <button
        type="button" class="paint-small" disabled={!can.value.undo} title="Undo (Ctrl or Cmd Z)"
        aria-label="Undo" onClick={painting.undo}
      >
        <Icon sign="undo" />
      </button>
      <button
        type="button" class="paint-small" disabled={!can.value.redo}
        title="Redo (Ctrl or Cmd Shift Z)" aria-label="Redo" onClick={painting.redo}
      >
        <Icon sign="redo" />
      </button>
    </div>
  );
}

/** The measures of the tool in hand. */
export function Measures({ painting }: { readonly painting: Painting }) {
  const { tool, handle, softness, timing, carrying, sketched } = painting;
  const painter = useComputed(() => ["brush", "erase", "ambient", "polygon"].includes(tool.value));
  if (tool.value === "hand") {
    return <p class="paint-hint">Drag to move the picture; pinch, Ctrl and wheel, + and - zoom; 0 shows all.</p>;
  }
  if (tool.value === "camera") {
    return (
      <div class="paint-measures">
        <Choice
          name="Dragging the box" value={carrying.value}
          of={[["travel", "travels: truck, pedestal"], ["turn", "turns: pan, tilt"]]}
          set={(value) => (carrying.value = value)}
        />
        <p class="paint-hint">The box is what the last frame sees. Corners zoom, the grip inside rolls.</p>
      </div>
    );
  }
  if (tool.value === "stroke") {
    return (
      <div class="paint-measures">
        <Choice
          name="Speed" value={timing.value}
          of={[["even", "even"], ["drawn", "as my hand draws it"]]}
          set={(value) => (timing.value = value)}
        />
        <p class="paint-hint">
          A new stroke takes what lies under the brush where it begins; paint more of it with B.
        </p>
      </div>
    );
  }
  const set = (patch: Partial<typeof handle.value>): void => {
    handle.value = { ...handle.peek(), ...patch };
  };
  return (
    <div class="paint-measures">
      {painter.value && tool.value !== "polygon" && (
        <>
          <Slider
            name="Size" unit="%" title="Of the picture's width; [ and ]" value={200 * handle.value.radius}
            least={200 * LEAST_RADIUS} most={200 * MOST_RADIUS} step={0.2} curve={2.5}
            set={(value) => set({ radius: value / 200 })}
          />
          <Slider
            name="Hardness" unit="%" title="What a soft edge covers moves less: it is stretched like rubber"
            value={100 * handle.value.hardness} least={0} most={100} step={5}
            set={(value) => set({ hardness: value / 100 })}
          />
        </>
      )}
      {tool.value !== "erase" && (
        <Slider
          name="White" unit="%" title="A grey moves part of the way" value={100 * handle.value.level}
          least={5} most={100} step={5} set={(value) => set({ level: value / 100 })}
        />
      )}
      {tool.value === "polygon" && sketched.value.length > 2 && (
        <button type="button" onClick={() => painting.close()}>Close</button>
      )}
      <div class="paint-wash" role="group" aria-label="All of the region">
        <button type="button" onClick={() => painting.wash("fill")}>Fill</button>
        <button type="button" onClick={() => painting.wash("clear")}>Clear</button>
        <button type="button" onClick={() => painting.wash("invert")}>Invert</button>
        <span class="paint-soft">
          <button
            type="button" title={`Soften all edges by ${Math.round(1000 * softness.value) / 10}% of the width`}
            onClick={() => painting.wash("feather")}
          >
            Feather
          </button>
          <label class="paint-soft">
            <span>by</span>
            <input
              type="number" aria-label="Feather, per cent of the picture's width" min={0.2} max={10} step={0.2}
              value={Math.round(1000 * softness.value) / 10}
              onInput={({ currentTarget }) => {
                const value = currentTarget.valueAsNumber;
                if (value > 0) softness.value = Math.min(10, value) / 100;
              }}
            />
            <span>%</span>
          </label>
        </span>
      </div>
    </div>
  );
}

interface SliderProps {
  readonly name: string;
  readonly unit: string;
  readonly title?: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  /** Above 1 the small values have more of the way. */
  readonly curve?: number;
  readonly set: (value: number) => void;
}

export function Slider({ name, unit, title, value, least, most, step, curve = 1, set }: SliderProps) {
  const share = ((value - least) / (most - least)) ** (1 / curve);
  const said = `${Math.round(10 * value) / 10}${unit}`;
  return (
    <label class="paint-slider" title={title}>
      <span>{name}</span>
      <input
        type="range" min={0} max={1} step={curve === 1 ? step / (most - least) : 0.005}
        value={share} aria-valuetext={said}
        onInput={({ currentTarget }) => {
          const raw = least + (most - least) * currentTarget.valueAsNumber ** curve;
          set(Math.min(most, Math.max(least, Math.round(raw / step) * step)));
        }}
      />
      <output>{said}</output>
    </label>
  );
}

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly value: T;
  readonly of: readonly (readonly [T, string])[];
  readonly set: (value: T) => void;
}

export function Choice<T extends string>({ name, value, of, set }: ChoiceProps<T>) {
  return (
    <label class="paint-choice">
      <span>{name}</span>
      <select
        value={value}
        onChange={({ currentTarget }) => {
          const found = of.find(([one]) => one === currentTarget.value);
          if (found !== undefined) set(found[0]);
        }}
      >
        {of.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
      </select>
    </label>
  );
}
