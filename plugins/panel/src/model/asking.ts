/** The shot that is being asked for: what was set, where it goes, what it would lead to. */
import { clearField, clone, create, fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type { HostLink } from "../link/host";
import { backoff, pause } from "../link/pause";
import type { Session, Shelf } from "../link/session";
import { isAway, isCancelled, troubleOf, type Fault, type Trouble } from "../link/trouble";
import { HostContextSchema, type HostContext } from "../proto/secondunit/v1/hosts_pb";
import { PlanService, type Estimate, type PlanShotResponse } from "../proto/secondunit/v1/plans_pb";
import { ShotRequestSchema, type ShotRequest } from "../proto/secondunit/v1/shots_pb";
import { Edge, Operation } from "../proto/secondunit/v1/units_pb";
import { optionsFor, requestOf, withLength } from "./request";
import { sitesOf, type Site } from "./site";

const KEY = "secondunit.asking";
const QUIET_MILLISECONDS = 250;

/** An operation and the end of the clip that is meant. */
export interface Choice {
  readonly operation: Operation;
  readonly edge: Edge;
}

/** What the server says of the shot, before anything is made. */
export interface Outlook {
  readonly plan: PlanShotResponse;
  /** Of a draft. */
  readonly draft: Estimate | undefined;
}

export interface Asking {
  /** What was set, apart from the place. */
  readonly settings: ReadonlySignal<ShotRequest>;
  /** Frames, where the place leaves the length open; 0: as the place says. */
  readonly length: Signal<number>;
  readonly choice: Signal<Choice | undefined>;
  /** The context that is kept while the editor looks elsewhere. */
  readonly held: Signal<HostContext | undefined>;
  /** The one that counts: the held one, else the host's, else what it told last. */
  readonly context: ReadonlySignal<HostContext | undefined>;
  readonly sites: ReadonlySignal<readonly Site[]>;
  readonly site: ReadonlySignal<Site | undefined>;
  readonly request: ReadonlySignal<ShotRequest | undefined>;
  readonly outlook: ReadonlySignal<Outlook | undefined>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  /** True while the server is asked. */
  readonly thinking: ReadonlySignal<boolean>;
  edit(patch: Partial<ShotRequest>): void;
  /** Leaves a setting to the server again. */
  leave(key: Optional): void;
  /** Everything that was set, anew. */
  take(settings: ShotRequest): void;
  /** Has the price worked out anew: takes that were made since change it. */
  renew(): void;
  start(): () => void;
}

/** Settings that the server has a value for where nothing is said. */
export type Optional = "speed" | "handles" | "takes" | "seed" | "strength" | "context" | "mask";

interface Kept {
  readonly settings?: JsonValue;
  readonly length?: number;
  readonly choice?: Choice;
  readonly held?: JsonValue;
  readonly last?: JsonValue;
}

/** `shelf` keeps what was set through a reload of the page. */
export function asking(session: Session, link: HostLink, shelf: Shelf): Asking {
  const kept = read(shelf);
  const settings = signal(
    fromJson(ShotRequestSchema, kept.settings ?? {}, { ignoreUnknownFields: true }),
  );
  const length = signal(kept.length ?? 0);
  const choice = signal<Choice | undefined>(kept.choice);
  const held = signal<HostContext | undefined>(contextOf(kept.held));
  const last = signal<HostContext | undefined>(contextOf(kept.last));
  const context = computed(() => held.value ?? link.context.value ?? last.value);
  const sites = computed(() => (context.value === undefined ? [] : sitesOf(context.value)));
  const site = computed(() => {
    const wanted = choice.value;
    const found =
      wanted === undefined
        ? sites.value[0]
        : (sites.value.find((s) => s.operation === wanted.operation && s.edge === wanted.edge) ??
          sites.value.find((s) => s.operation === wanted.operation));
    return found === undefined ? undefined : withLength(found, length.value);
  });
  const request = computed(() => {
    const [at, where] = [site.value, context.value];
    return at === undefined || where === undefined ? undefined : requestOf(settings.value, at, where);
  });
  const outlook = signal<Outlook | undefined>(undefined);
  const trouble = signal<Trouble | undefined>(undefined);
  const thinking = signal(false);
  const turn = signal(0);

  const look = async (asked: ShotRequest, ending: AbortSignal): Promise<void> => {
    const client = session.client(PlanService);
    await pause(QUIET_MILLISECONDS, ending);
    for (let tries = 0; !ending.aborted; tries += 1) {
      try {
        thinking.value = true;
        const options = { signal: ending };
        const plan = client.planShot({ request: asked, options: optionsFor(asked, false) }, options);
        const draft = client.planShot({ request: asked, options: optionsFor(asked, true) }, options);
        const [full, quick] = await Promise.all([plan, draft]);
        outlook.value = { plan: full, draft: quick.estimate };
        trouble.value = undefined;
        return;
      } catch (error) {
        if (isCancelled(error)) return;
        if (!isAway(error)) {
          outlook.value = undefined;
          trouble.value = troubleOf(error);
          return;
        }
        await pause(backoff(tries + 2), ending);
      } finally {
        thinking.value = false;
      }
    }
  };

  const start = (): (() => void) => {
    let asked = "";
    let ending = new AbortController();
    const stops = [
      effect(() => {
        // A program that is started anew, or a server that is, leaves what was set where it is.
        if (link.context.value !== undefined) last.value = link.context.value;
      }),
      effect(() => write(shelf, settings.value, length.value, choice.value, held.value, last.value)),
      effect(() => {
        const now = request.value;
        const paired = session.standing.value === "paired";
        const text = now === undefined ? "" : `${turn.value} ${JSON.stringify(toJson(ShotRequestSchema, now))}`;
        if (text === asked || !paired) return; // a playhead that moves inside the same place
        asked = text;
        ending.abort();
        ending = new AbortController();
        if (now === undefined) {
          outlook.value = undefined;
          trouble.value = undefined;
        } else void look(now, ending.signal);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      ending.abort();
    };
  };

  return {
    settings, length, choice, held, context, sites, site, request, outlook, trouble, thinking, start,
    edit: (patch) => {
      settings.value = create(ShotRequestSchema, {
        ...clone(ShotRequestSchema, settings.peek()),
        ...patch,
      });
    },
    renew: () => (turn.value += 1),
    leave: (key) => {
      const next = clone(ShotRequestSchema, settings.peek());
      clearField(next, ShotRequestSchema.field[key]);
      settings.value = next;
    },
    take: (given) => {
      settings.value = clone(ShotRequestSchema, given);
    },
  };
}

/** The faults at a field of the request and below it: `keyframes` has those of `keyframes[0].image`. */
export function faultsAt(faults: readonly Fault[], ...fields: readonly string[]): readonly Fault[] {
  return faults.filter(({ path }) =>
    fields.some((field) => new RegExp(`^(request|options)\\.${field}(\\b|$)`).test(path)),
  );
}

function contextOf(json: JsonValue | undefined): HostContext | undefined {
  return json === undefined ? undefined : fromJson(HostContextSchema, json, { ignoreUnknownFields: true });
}

function read(shelf: Shelf): Kept {
  try {
    return JSON.parse(shelf.getItem(KEY) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

function write(
  shelf: Shelf,
  settings: ShotRequest,
  length: number,
  choice: Choice | undefined,
  held: HostContext | undefined,
  last: HostContext | undefined,
): void {
  const kept: Kept = {
    settings: toJson(ShotRequestSchema, settings),
    length,
    ...(choice === undefined ? {} : { choice }),
    ...(held === undefined ? {} : { held: toJson(HostContextSchema, held) }),
    ...(last === undefined ? {} : { last: toJson(HostContextSchema, last) }),
  };
  shelf.setItem(KEY, JSON.stringify(kept));
}
