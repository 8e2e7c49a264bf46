/** The one place that asks UXP for its modules; everything else is given what is opened here. */
import type { premierepro } from "@adobe/premierepro";

/** What verbs may use of the machine and of the program. */
export interface Premiere {
  /** The program's own interface. */
  readonly app: premierepro;
  /** Its version: `26.3.0`. */
  readonly version: string;
  /** True: there is such a file. */
  exists(path: string): Promise<boolean>;
}

/** A place for one short secret that outlives the program. */
export interface Safe {
  read(): Promise<string>;
  write(secret: string): Promise<void>;
  forget(): Promise<void>;
}

/** What UXP is asked for; its own types leave most of it open. */
interface Uxp {
  readonly host: { readonly version: string };
  readonly storage: {
    readonly secureStorage: {
      getItem(key: string): Promise<Uint8Array | null | undefined>;
      setItem(key: string, value: string): Promise<void>;
      removeItem(key: string): Promise<void>;
    };
  };
}

interface Files {
  lstat(path: string): Promise<object>;
}

/** UXP's own `require`; the bundle is a plain script, as UXP loads it. */
declare const require: (name: "premierepro" | "uxp" | "fs") => unknown;

const TOKEN = "secondunit.token";

export function openPremiere(): Premiere {
  const app = require("premierepro") as premierepro;
  const files = require("fs") as Files;
  return {
    app,
    version: (require("uxp") as Uxp).host.version,
    exists: (path) => files.lstat(path).then(() => true, () => false),
  };
}

/** Kept by the system's own means, for this user and this plugin alone. */
export function openSafe(decode: (bytes: Uint8Array) => string): Safe {
  const { secureStorage } = (require("uxp") as Uxp).storage;
  return {
    read: async () => {
      const kept = await secureStorage.getItem(TOKEN).catch(() => undefined);
      return kept ? decode(kept) : "";
    },
    write: (secret) => secureStorage.setItem(TOKEN, secret),
    forget: () => secureStorage.removeItem(TOKEN).catch(() => undefined),
  };
}
