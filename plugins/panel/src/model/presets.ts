/** Settings with a name, to use again and to give to others as a file. */
import { clone, create, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { signal, type ReadonlySignal } from "@preact/signals";

import type { Shelf } from "../link/session";
import { ShotRequestSchema, type ShotRequest } from "../proto/secondunit/v1/shots_pb";

const KEY = "secondunit.presets";
const KIND = "secondunit.presets";

export interface Preset {
  readonly name: string;
  readonly settings: ShotRequest;
}

export interface Presets {
  readonly all: ReadonlySignal<readonly Preset[]>;
  keep(name: string, settings: ShotRequest): void;
  drop(name: string): void;
  /** All of them as the text of a file. */
  told(): string;
  /** Takes those of a file; returns how many. Throws where it is none of ours. */
  hear(text: string): number;
}

export function presets(shelf: Shelf): Presets {
  const all = signal<readonly Preset[]>(quietly(shelf.getItem(KEY)));
  const set = (list: readonly Preset[]): void => {
    all.value = list.toSorted((a, b) => a.name.localeCompare(b.name));
    shelf.setItem(KEY, write(all.peek()));
  };
  const without = (names: readonly string[]) => all.peek().filter(({ name }) => !names.includes(name));
  return {
    all,
    keep: (name, settings) => set([...without([name]), { name, settings: portable(settings) }]),
    drop: (name) => set(without([name])),
    told: () => write(all.peek()),
    hear: (text) => {
      const heard = read(text);
      set([...without(heard.map(({ name }) => name)), ...heard]);
      return heard.length;
    },
  };
}

/** What of a shot's settings means the same at another shot: no place, no clip, nothing painted. */
export function portable(settings: ShotRequest): ShotRequest {
  const all = clone(ShotRequestSchema, settings);
  const {
    prompt, negative, engine, delivery, preset, place, audio, cameras, motion, grain, colour, alpha,
  } = all;
  const numbers = {
    ...(all.context === undefined ? {} : { context: all.context }),
    ...(all.handles === undefined ? {} : { handles: all.handles }),
    ...(all.takes === undefined ? {} : { takes: all.takes }),
    ...(all.strength === undefined ? {} : { strength: all.strength }),
  };
  return create(ShotRequestSchema, {
    prompt, negative, engine, delivery, preset, place, audio, cameras, motion, grain, colour, alpha,
    ...numbers,
  });
}

function write(list: readonly Preset[]): string {
  const entries = list.map(({ name, settings }) => ({
    name,
    settings: toJson(ShotRequestSchema, settings),
  }));
  return JSON.stringify({ kind: KIND, version: 1, presets: entries }, null, 2);
}

function read(text: string): readonly Preset[] {
  const found = JSON.parse(text) as { kind?: string; presets?: { name: string; settings: JsonValue }[] };
  if (found.kind !== KIND || !Array.isArray(found.presets)) throw new Error("this is no file of presets");
  return found.presets.map(({ name, settings }) => ({
    name: name.slice(0, 80),
    settings: portable(fromJson(ShotRequestSchema, settings, { ignoreUnknownFields: true })),
  }));
}

function quietly(text: string | null): readonly Preset[] {
  try {
    return text === null ? [] : read(text);
  } catch {
    return [];
  }
}
