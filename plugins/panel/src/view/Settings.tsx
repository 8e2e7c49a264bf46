/** Engine, words, and the numbers that are seldom touched. */
import { useRef } from "preact/hooks";

import { faultsAt } from "../model/asking";
import type { Panel } from "../model/panel";
import { AlphaMode, GrainMode, PlaceMode } from "../proto/secondunit/v1/shots_pb";
import { KeyframeSupport, MaskSupport, type Engine } from "../proto/secondunit/v1/capabilities_pb";
import { Field, NumberField } from "./Field";

/** In the order of the list. */
const PLACES = [PlaceMode.UNSPECIFIED, PlaceMode.OVER, PlaceMode.NEW_TRACK] as const;

export function Settings({ panel }: { readonly panel: Panel }) {
  const { asking, able, engine } = panel;
  const settings = asking.settings.value;
  const faults = asking.outlook.value?.plan.faults ?? [];
  const one = engine.value;
  return (
    <>
      <fieldset>
        <legend>Engine</legend>
        <Field name="Engine" bare hint={one?.title ?? ""} faults={faultsAt(faults, "engine")}>
          {(attributes) => (
            <select
              {...attributes}
              value={settings.engine === "" ? (one?.name ?? "") : settings.engine}
              onChange={({ currentTarget }) => asking.edit({ engine: currentTarget.value })}
            >
              {(able.value?.engines ?? []).map(({ name, available, missingPackages }) => (
                <option key={name} value={name}>
                  {available ? name : `${name} (not here: ${missingPackages.join(", ") || "no weights"})`}
                </option>
              ))}
            </select>
          )}
        </Field>
        {one !== undefined && <Abilities engine={one} />}
        {one?.prompt === true ? (
          <>
            <Field name="What happens" faults={faultsAt(faults, "prompt")}>
              {(attributes) => (
                <textarea
                  {...attributes}
                  rows={2}
                  value={settings.prompt}
                  onInput={({ currentTarget }) => asking.edit({ prompt: currentTarget.value })}
                />
              )}
            </Field>
            <Field name="What must not be seen" faults={faultsAt(faults, "negative")}>
              {(attributes) => (
                <input
                  {...attributes}
                  value={settings.negative}
                  onInput={({ currentTarget }) => asking.edit({ negative: currentTarget.value })}
                />
              )}
            </Field>
          </>
        ) : null}
      </fieldset>
      <details class="group">
        <summary>Takes, handles, delivery</summary>
        <Numbers panel={panel} />
      </details>
      <Presets panel={panel} />
    </>
  );
}

/** What it can do; what it cannot is struck through and says why. */
function Abilities({ engine }: { readonly engine: Engine }) {
  const keyframes = new Map([
    [KeyframeSupport.FIRST, "a keyframe at the start"],
    [KeyframeSupport.FIRST_LAST, "keyframes at both ends"],
    [KeyframeSupport.ANY, "keyframes anywhere"],
  ]).get(engine.keyframes);
  const mask = new Map([
    [MaskSupport.BINARY, "a hard mask"],
    [MaskSupport.SOFT, "a soft mask"],
  ]).get(engine.mask);
  const abilities: readonly (readonly [boolean, string, string])[] = [
    [keyframes !== undefined, keyframes ?? "keyframes", "it pins no frames"],
    [mask !== undefined, mask ?? "mask", "it takes none of its own; what lies outside the mask stays all the same"],
    [engine.strokes, "strokes", "it follows none: they guide the rough animation that it starts from"],
    [engine.ambient, "ambient", "it takes no ambient motion"],
    [engine.camera, "camera", "it follows none: the move guides the rough animation that it starts from"],
    [engine.prompt, "words", "it reads none, so there is no field for them"],
  ];
  return (
    <ul class="abilities" aria-label="What the engine obeys">
      {abilities.map(([can, name, why]) => (
        <li key={name} data-can={can} title={can ? `It obeys ${name}.` : `No ${name}: ${why}.`}>
          {can ? name : <><s>{name}</s><span class="unseen">, not obeyed: {why}</span></>}
        </li>
      ))}
    </ul>
  );
}

function Numbers({ panel }: { readonly panel: Panel }) {
  const { asking, able } = panel;
  const settings = asking.settings.value;
  const faults = asking.outlook.value?.plan.faults ?? [];
  const whole = (key: "handles" | "takes" | "context") => (value: number | undefined) =>
    value === undefined ? asking.leave(key) : asking.edit({ [key]: Math.round(value) });
  return (
    <div class="row">
      <NumberField
        name="Takes" value={settings.takes} usual="1" least={1} most={8}
        faults={faultsAt(faults, "takes")} set={whole("takes")}
      />
      <NumberField
        name="Handles, frames" value={settings.handles} usual="8" least={0} most={240}
        faults={faultsAt(faults, "handles")} set={whole("handles")}
      />
      <NumberField
        name="Seed" value={settings.seed === undefined ? undefined : Number(settings.seed)} usual="by the shot"
        least={0} most={Number.MAX_SAFE_INTEGER} faults={faultsAt(faults, "seed")}
        hint="Another seed is another take"
        set={(value) => (value === undefined ? asking.leave("seed") : asking.edit({ seed: BigInt(Math.round(value)) }))}
      />
      <NumberField
        name="Change, 0 to 1" value={settings.strength} usual="1" least={0} most={1} step={0.05}
        faults={faultsAt(faults, "strength")}
        set={(value) => (value === undefined ? asking.leave("strength") : asking.edit({ strength: value }))}
      />
      <Field name="Quality" faults={faultsAt(faults, "preset")}>
        {(attributes) => (
          <select
            {...attributes} value={settings.preset}
            onChange={({ currentTarget }) => asking.edit({ preset: currentTarget.value })}
          >
            <option value="">As the engine has it</option>
            <option value="fast">Fast</option>
            <option value="full">Full</option>
          </select>
        )}
      </Field>
      <Field name="Delivery" faults={faultsAt(faults, "delivery")}>
        {(attributes) => (
          <select
            {...attributes}
            value={settings.delivery === "" ? (able.value?.defaultDelivery ?? "") : settings.delivery}
            onChange={({ currentTarget }) => asking.edit({ delivery: currentTarget.value })}
          >
            {(able.value?.deliveries ?? []).map(({ name, title, available }) => (
              <option key={name} value={name} disabled={!available}>{title === "" ? name : title}</option>
            ))}
          </select>
        )}
      </Field>
      <Field name="Track" faults={faultsAt(faults, "place")}>
        {(attributes) => (
          <select
            {...attributes} value={settings.place}
            onChange={({ currentTarget }) => asking.edit({ place: PLACES[currentTarget.selectedIndex] ?? PlaceMode.UNSPECIFIED })}
          >
            <option value={PlaceMode.UNSPECIFIED}>As the operation needs</option>
            <option value={PlaceMode.OVER}>Above</option>
            <option value={PlaceMode.NEW_TRACK}>A new one</option>
          </select>
        )}
      </Field>
      <Field name="Grain" faults={faultsAt(faults, "grain")}>
        {(attributes) => (
          <select
            {...attributes} value={settings.grain}
            onChange={({ currentTarget }) => asking.edit({ grain: currentTarget.selectedIndex === 0 ? GrainMode.UNSPECIFIED : GrainMode.NONE })}
          >
            <option value={GrainMode.UNSPECIFIED}>As the footage beside it</option>
            <option value={GrainMode.NONE}>As the engine made it</option>
          </select>
        )}
      </Field>
      <label class="check">
        <input
          type="checkbox" checked={settings.alpha === AlphaMode.MADE}
          onChange={({ currentTarget }) =>
            asking.edit({ alpha: currentTarget.checked ? AlphaMode.MADE : AlphaMode.UNSPECIFIED })
          }
        />
        Alpha of what was made
      </label>
    </div>
  );
}

function Presets({ panel }: { readonly panel: Panel }) {
  const { presets, asking, attempt } = panel;
  const name = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  return (
    <details class="group">
      <summary>Presets</summary>
      <ul class="presets">
        {presets.all.value.map((preset) => (
          <li key={preset.name}>
            <button
              type="button"
              onClick={() => {
                const { mask, keyframes, strokes, ambients, name: shot } = asking.settings.peek();
                asking.take(preset.settings);
                asking.edit({ keyframes, strokes, ambients, name: shot, ...(mask === undefined ? {} : { mask }) });
              }}
            >
              {preset.name}
            </button>
            <button type="button" class="plain" aria-label={`Forget preset ${preset.name}`} onClick={() => presets.drop(preset.name)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="bar">
        <input ref={name} aria-label="Name of a new preset" placeholder="Name" maxLength={80} />
        <button
          type="button"
          onClick={() => {
            const words = name.current?.value.trim() ?? "";
            if (words !== "") presets.keep(words, asking.settings.peek());
            if (name.current !== null) name.current.value = "";
          }}
        >
          Keep
        </button>
        <a
          class="button" download="second-unit-presets.json"
          href={`data:application/json,${encodeURIComponent(presets.told())}`}
        >
          Save file
        </a>
        <button type="button" onClick={() => file.current?.click()}>Open file</button>
        <input
          ref={file} type="file" accept="application/json,.json" hidden aria-label="File of presets"
          onChange={({ currentTarget }) => {
            const [given] = currentTarget.files ?? [];
            if (given !== undefined)
              void attempt(async () => `${presets.hear(await given.text())} presets taken.`);
            currentTarget.value = "";
          }}
        />
      </div>
    </details>
  );
}
