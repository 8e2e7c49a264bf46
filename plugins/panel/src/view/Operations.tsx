/** What is to be done: the operations that the place allows; the others say what they need. */
import type { Panel } from "../model/panel";
import { OF_ANY_LENGTH } from "../model/request";
import { OPERATIONS } from "../model/words";
import { Edge, Operation } from "../proto/secondunit/v1/units_pb";
import { Field, NumberField } from "./Field";
import { faultsAt } from "../model/asking";

const NEEDS: ReadonlyMap<Operation, string> = new Map([
  [Operation.BRIDGE, "needs a gap: put the playhead into one, or select the clips on both sides"],
  [Operation.TRANSITION, "needs a cut: put the playhead on one, or select two clips that touch"],
  [Operation.GENERATE, "needs an engine that makes pictures from words"],
]);

export function Operations({ panel }: { readonly panel: Panel }) {
  const { asking } = panel;
  const [site, sites, engine] = [asking.site.value, asking.sites.value, panel.engine.value];
  const faults = asking.outlook.value?.plan.faults ?? [];
  const edges = sites.filter(({ operation }) => operation === site?.operation);
  return (
    <fieldset>
      <legend>Operation</legend>
      <div class="chips" role="radiogroup" aria-label="Operation">
        {[...OPERATIONS].map(([operation, [name, does]]) => {
          const here = sites.some((one) => one.operation === operation);
          const able = engine?.operations.includes(operation) ?? true;
          const why = !able
            ? `${engine?.name ?? "the engine"} cannot do this`
            : here ? does : (NEEDS.get(operation) ?? "needs a clip: select one, or put the playhead over it");
          return (
            <label key={operation} class="chip" title={why} data-off={!here || !able}>
              <input
                type="radio"
                name="operation"
                checked={site?.operation === operation}
                disabled={!here || !able}
                aria-label={`${name}: ${why}`}
                onChange={() => (asking.choice.value = { operation, edge: Edge.UNSPECIFIED })}
              />
              {name}
            </label>
          );
        })}
      </div>
      {site !== undefined && (
        <p class="quiet says">{sentence(OPERATIONS.get(site.operation)?.[1] ?? "")}</p>
      )}
      <div class="row">
        {edges.length > 1 && site !== undefined && (
          <Field name="End of the clip">
            {(attributes) => (
              <select
                {...attributes}
                value={site.edge === Edge.HEAD ? "head" : "tail"}
                onChange={({ currentTarget }) =>
                  (asking.choice.value = { operation: site.operation, edge: currentTarget.value === "head" ? Edge.HEAD : Edge.TAIL })
                }
              >
                <option value="tail">Tail</option>
                <option value="head">Head</option>
              </select>
            )}
          </Field>
        )}
        {site !== undefined && OF_ANY_LENGTH.includes(site.operation) && (
          <NumberField
            name="Length, frames"
            value={asking.length.value === 0 ? undefined : asking.length.value}
            usual={`${site.record.frames}`}
            least={1}
            most={10000}
            faults={faultsAt(faults, "record")}
            set={(frames) => (asking.length.value = Math.round(frames ?? 0))}
          />
        )}
        {site?.operation === Operation.RETIME && (
          <NumberField
            name="Speed"
            value={asking.settings.value.speed}
            usual="the clip's own"
            least={0.05}
            most={10}
            step={0.05}
            hint="0.5 is half speed"
            faults={faultsAt(faults, "speed")}
            set={(speed) => (speed === undefined ? asking.leave("speed") : asking.edit({ speed }))}
          />
        )}
      </div>
    </fieldset>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
