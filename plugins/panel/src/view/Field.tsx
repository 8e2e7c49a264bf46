/** A control with its name, a hint, and what is wrong with it right beside it. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import type { Fault } from "../link/trouble";

interface Given {
  readonly name: string;
  readonly hint?: string;
  readonly faults?: readonly Fault[];
  /** True: a heading above says the name already. */
  readonly bare?: boolean;
  /** The control; it wears the id and says what describes it. */
  readonly children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ComponentChildren;
}

export function Field({ name, hint = "", faults = [], bare = false, children }: Given) {
  const id = useId();
  const wrong = faults.length > 0;
  return (
    <div class="field">
      <label for={id} class={bare ? "unseen" : ""}>{name}</label>
      {children({ id, "aria-describedby": `${id}-says`, "aria-invalid": wrong })}
      <p id={`${id}-says`} class={wrong ? "says fault" : "says quiet"} role={wrong ? "alert" : undefined}>
        {wrong ? faults.map(({ what }) => `${what}.`).join(" ") : hint}
      </p>
    </div>
  );
}

interface Numbers {
  readonly name: string;
  readonly value: number | undefined;
  /** Shown where nothing is set. */
  readonly usual: string;
  readonly least: number;
  readonly most: number;
  readonly step?: number;
  readonly hint?: string;
  readonly faults?: readonly Fault[];
  readonly set: (value: number | undefined) => void;
}

/** A number that may be left to the server. */
export function NumberField({ name, value, usual, least, most, step = 1, hint, faults, set }: Numbers) {
  return (
    <Field name={name} {...(hint === undefined ? {} : { hint })} {...(faults === undefined ? {} : { faults })}>
      {(attributes) => (
        <input
          {...attributes}
          type="number"
          inputMode="decimal"
          min={least}
          max={most}
          step={step}
          placeholder={usual}
          value={value ?? ""}
          onInput={({ currentTarget }) => {
            const number = currentTarget.valueAsNumber;
            set(Number.isNaN(number) ? undefined : Math.min(most, Math.max(least, number)));
          }}
        />
      )}
    </Field>
  );
}

export function Trouble({ trouble }: { readonly trouble: { what: string; remedy: string } }) {
  return (
    <div class="trouble" role="alert">
      <p class="fault">{trouble.what}</p>
      {trouble.remedy !== "" && <p>{trouble.remedy}</p>}
    </div>
  );
}
