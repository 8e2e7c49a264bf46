/**
 * What was placed on a sequence, kept with the sequence itself.
 *
 * It is written in the same step as the clips, so that one undo takes back both, and read
 * again from projects of any age or origin: what makes no sense in it is not believed.
 */
import type { Action, Properties } from "@adobe/premierepro";

import type { Cut } from "./cut";

const NAME = "secondunit.placed";
const MOST = 10_000;

/** One clip of ours. */
export interface Entry {
  /** Premiere's name of the project's item that it shows. */
  readonly item: string;
  readonly track: number;
  /** Frame of the sequence. */
  readonly start: number;
  /** Text of the marker that came with it; empty for none. */
  readonly marker: string;
}

export type Ledger = ReadonlyMap<string, readonly Entry[]>;

export async function readLedger(cut: Cut): Promise<Ledger> {
  const properties = await propertiesOf(cut);
  if (!properties.hasValue(NAME)) return new Map();
  try {
    const kept: unknown = JSON.parse(properties.getValue(NAME));
    if (typeof kept !== "object" || kept === null) return new Map();
    return new Map(
      Object.entries(kept)
        .slice(0, MOST)
        .map(([shot, entries]) => [shot, Array.isArray(entries) ? entries.filter(isEntry) : []]),
    );
  } catch {
    return new Map();
  }
}

/** The maker of the step that keeps a ledger; to be made inside the lock. */
export async function keeping(cut: Cut, ledger: Ledger): Promise<() => Action> {
  const properties = await propertiesOf(cut);
  const text = JSON.stringify(Object.fromEntries([...ledger].filter(([, entries]) => entries.length > 0)));
  const { PERSISTENT } = cut.premiere.app.Constants.PropertyType;
  return () => properties.createSetValueAction(NAME, text, PERSISTENT);
}

function propertiesOf({ premiere, sequence }: Cut): Promise<Properties> {
  return premiere.app.Properties.getProperties(sequence);
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { item, track, start, marker } = value as Partial<Record<keyof Entry, unknown>>;
  const places = Number.isInteger(track) && Number.isInteger(start);
  return places && typeof item === "string" && typeof marker === "string";
}
