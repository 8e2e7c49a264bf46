/** The panel as a whole, apart from what is seen of it. */
import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";

import type { HostLink } from "../link/host";
import { pause } from "../link/pause";
import { Pictures } from "../link/pictures";
import type { Session, Shelf } from "../link/session";
import { troubleOf, type Trouble } from "../link/trouble";
import { HostTrouble } from "../link/host";
import {
  CapabilityService,
  type Engine,
  type GetCapabilitiesResponse,
} from "../proto/secondunit/v1/capabilities_pb";
import { LedgerService, type BudgetState } from "../proto/secondunit/v1/ledger_pb";
import { JobState } from "../proto/secondunit/v1/jobs_pb";
import { asking, type Asking } from "./asking";
import { history, type History } from "./history";
import { keep, make } from "./making";
import { published } from "./placing";
import { presets, type Presets } from "./presets";
import { queue, type Queue } from "./queue";
import { sentenceOf } from "./sentence";

const RETURN_MILLISECONDS = 1500;

export const TABS = ["shot", "making", "takes", "file"] as const;
export type Tab = (typeof TABS)[number];

export interface Panel {
  readonly session: Session;
  readonly link: HostLink;
  readonly pictures: Pictures;
  readonly asking: Asking;
  readonly queue: Queue;
  readonly history: History;
  readonly presets: Presets;
  readonly able: ReadonlySignal<GetCapabilitiesResponse | undefined>;
  /** The engine that would make the shot. */
  readonly engine: ReadonlySignal<Engine | undefined>;
  readonly budgets: ReadonlySignal<readonly BudgetState[]>;
  readonly tab: Signal<Tab>;
  /** What has just happened, for everybody to see and hear. */
  readonly notice: Signal<string>;
  readonly trouble: Signal<Trouble | undefined>;
  /** The take that is shown in the place of the frame: the one asked for last. */
  readonly shown: Signal<string>;
  /** Makes what is asked for. */
  readonly make: (draft: boolean) => Promise<void>;
  /** Does something for the editor; what goes wrong is told. */
  readonly attempt: (doing: () => Promise<string | undefined>) => Promise<void>;
  start(): () => void;
}

export function panel(session: Session, link: HostLink, shelves: { readonly local: Shelf; readonly tab: Shelf }): Panel {
  const pictures = new Pictures(session);
  const asked = asking(session, link, shelves.tab);
  const kept = history();
  const able = signal<GetCapabilitiesResponse | undefined>(undefined);
  const budgets = signal<readonly BudgetState[]>([]);
  const notice = signal("");
  const trouble = signal<Trouble | undefined>(undefined);
  const tab = signal<Tab>("shot");
  const shown = signal("");

  const attempt = async (doing: () => Promise<string | undefined>): Promise<void> => {
    trouble.value = undefined;
    try {
      const said = await doing();
      if (said !== undefined && said !== "") notice.value = said;
    } catch (error) {
      notice.value = "";
      trouble.value = told(error);
    }
  };

  const queued: Queue = queue(session, (job) => {
    const finish = async (): Promise<void> => {
      await keep(kept, pictures, job);
      const line = kept.find(job.requestId);
      // Published at once, so that it can be placed when the server is gone.
      const final = job.state === JobState.SUCCEEDED && line?.draft === false;
      if (final && line.published === undefined) await published(session, kept, line);
      asked.renew();
      await spent();
    };
    finish().catch(() => undefined); // asked for again when it is placed
  });

  const spent = async (): Promise<void> => {
    budgets.value = (await session.client(LedgerService).listBudgets({})).budgets;
  };

  const learn = async (): Promise<void> => {
    able.value = await session.client(CapabilityService).getCapabilities({});
    await spent();
  };

  const engine = computed(() => {
    const name = asked.settings.value.engine;
    const engines = able.value?.engines ?? [];
    return engines.find((one) => (name === "" ? one.default : one.name === name)) ?? engines[0];
  });

  const begin = async (draft: boolean): Promise<string | undefined> => {
    const [request, site, context] = [asked.request.peek(), asked.site.peek(), asked.context.peek()];
    if (request === undefined || site === undefined || context === undefined) return undefined;
    const sentence = sentenceOf(site, context);
    await make(session, queued, kept, { request, sentence, track: site.track, context }, draft);
    shown.value = kept.all.peek()[0]?.id ?? "";
    return draft ? "The draft is on its way." : "It is being made. You can go on cutting.";
  };

  const start = (): (() => void) => {
    const ending = new AbortController();
    const stops: (() => void)[] = [link.start(), asked.start()];
    // The queue tells the history what has ended: so that one is read first.
    void kept.start().then((stop) => stops.push(stop, queued.start()));
    stops.push(
      session.standing.subscribe((standing) => {
        if (standing === "paired") void learn().catch(() => undefined);
      }),
    );
    const back = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        await pause(RETURN_MILLISECONDS, ending.signal);
        if (session.standing.peek() === "away") await session.begin();
      }
    };
    void back();
    return () => {
      ending.abort();
      for (const stop of stops) stop();
    };
  };

  return {
    session, link, pictures, asking: asked, queue: queued, history: kept,
    presets: presets(shelves.local), able, engine, budgets, tab, notice, trouble, shown, attempt, start,
    make: (draft) => attempt(() => begin(draft)),
  };
}

function told(error: unknown): Trouble {
  if (error instanceof HostTrouble) {
    const { code, what, remedy, retryable } = error.fault;
    return { code, what, remedy, again: retryable, faults: [] };
  }
  // Our own sentences need no remedy of the server's.
  if (error instanceof Error && error.constructor === Error) {
    return { code: "PANEL", what: error.message, remedy: "", again: false, faults: [] };
  }
  return troubleOf(error);
}
