/** The one place that asks UXP for its modules; everything else is given what is opened here. */
import type { premierepro } from "@adobe/premierepro";
import type { secureStorage } from "uxp";

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

interface Uxp {
  readonly host: { readonly version: string };
  readonly storage: { readonly secureStorage: Pick<typeof secureStorage, "getItem" | "setItem" | "removeItem"> };
}

/** As Adobe documents it; its types ask for a callback. */
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
  const { secureStorage: kept } = (require("uxp") as Uxp).storage;
  return {
    read: async () => {
      // What was never written is null, and what cannot be read is lost.
      const bytes = await kept.getItem(TOKEN).catch<Uint8Array | null>(() => null);
      return bytes === null ? "" : decode(bytes);
    },
    write: (secret) => kept.setItem(TOKEN, secret),
    forget: () => kept.removeItem(TOKEN).catch(() => undefined),
  };
}
