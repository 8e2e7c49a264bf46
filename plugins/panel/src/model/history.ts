/** Every shot that was asked for and what became of it, kept by the browser: readable without a server. */
import type { JsonValue } from "@bufbuild/protobuf";
import { signal, type ReadonlySignal } from "@preact/signals";

const STORE = "shots";

/** One take that was asked for. */
export interface Asked {
  /** The `request_id` it was asked with. */
  readonly id: string;
  /** When, milliseconds since 1970. */
  readonly when: number;
  /** The server's name of the job; empty while that is not known. */
  readonly job: string;
  readonly sentence: string;
  readonly project: string;
  readonly timeline: string;
  readonly timelineId: string;
  /** The track that its clips stand on. */
  readonly track: number;
  readonly draft: boolean;
  readonly number: number;
  /** A ShotRequest; absent for a shot of a timeline file. */
  readonly request?: JsonValue;
  /** A Take. */
  readonly take?: JsonValue;
  /** The Take as it is published, under its own name. */
  readonly published?: JsonValue;
  /** A Placed, of the host. */
  readonly placed?: JsonValue;
  /** Why it failed. */
  readonly failed?: string;
  readonly cancelled?: boolean;
  /** A small picture of it. */
  readonly poster?: Blob;
  /** Its contact sheet. */
  readonly sheet?: Blob;
}

export interface History {
  /** All of them, the newest first. */
  readonly all: ReadonlySignal<readonly Asked[]>;
  /** Writes one whole. */
  put(asked: Asked): Promise<void>;
  /** Changes some of one that is there. */
  change(id: string, patch: Partial<Asked>): Promise<void>;
  forget(id: string): Promise<void>;
  find(id: string): Asked | undefined;
  /** Reads what is kept, and hears of other panels' changes. */
  start(): Promise<() => void>;
}

export function history(factory: IDBFactory = indexedDB, name = "secondunit"): History {
  const all = signal<readonly Asked[]>([]);
  const opened = open(factory, name);
  const channel = new BroadcastChannel(name);

  const store = async (mode: IDBTransactionMode): Promise<IDBObjectStore> =>
    (await opened).transaction(STORE, mode).objectStore(STORE);

  const load = async (): Promise<void> => {
    const found = (await done((await store("readonly")).getAll())) as readonly Asked[];
    all.value = found.toSorted((a, b) => b.when - a.when);
  };

  const put = async (asked: Asked): Promise<void> => {
    all.value = [asked, ...all.peek().filter(({ id }) => id !== asked.id)].toSorted(
      (a, b) => b.when - a.when,
    );
    await done((await store("readwrite")).put(asked));
    channel.postMessage("changed");
  };

  const find = (id: string): Asked | undefined => all.peek().find((asked) => asked.id === id);

  return {
    all, put, find,
    change: async (id, patch) => {
      const known = find(id);
      if (known !== undefined) await put({ ...known, ...patch });
    },
    forget: async (id) => {
      all.value = all.peek().filter((asked) => asked.id !== id);
      await done((await store("readwrite")).delete(id));
      channel.postMessage("changed");
    },
    start: async () => {
      channel.onmessage = () => void load();
      await load();
      return () => channel.close();
    },
  };
}

/** Those whose words have all the words that were looked for. */
export function search(all: readonly Asked[], words: string): readonly Asked[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return all.filter((asked) => {
    const text = [
      asked.sentence, asked.project, asked.timeline, JSON.stringify(asked.request ?? ""),
      asked.draft ? "draft" : "final",
    ].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** A line without some of what it says. */
export function without(
  asked: Asked,
  ...keys: readonly ("failed" | "cancelled" | "placed")[]
): Asked {
  const rest: { -readonly [key in keyof Asked]: Asked[key] } = { ...asked };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the keys are these three
  for (const key of keys) delete rest[key];
  return rest;
}

function open(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const asked = factory.open(name, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
  return done(asked);
}

function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("the browser keeps no history here"));
  });
}
