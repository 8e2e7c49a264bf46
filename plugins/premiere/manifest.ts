/** What UXP is told of the plugin: manifest version 5, and no permission that it does not use. */
import about from "./package.json" with { type: "json" };
import { SERVER } from "./src/address.ts";


const SOCKET = SERVER.replace(/^http/, "ws");

/** The part of Adobe's manifest that is used here. */
export interface Manifest {
  readonly manifestVersion: 5;
  /** Reverse domain; another for Adobe's marketplace, as its rules ask. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly host: { readonly app: "premierepro"; readonly minVersion: string };
  readonly entrypoints: readonly Panel[];
  readonly icons: readonly Icon[];
  readonly requiredPermissions: {
    readonly network: { readonly domains: readonly string[] };
    readonly localFileSystem: "plugin" | "request" | "fullAccess";
    readonly webview: {
      readonly allow: "yes";
      readonly domains: readonly string[];
      readonly enableMessageBridge: "localAndRemote" | "localOnly" | "no";
    };
  };
}

interface Panel {
  readonly type: "panel";
  readonly id: string;
  readonly label: { readonly default: string };
  readonly description: { readonly default: string };
  readonly icons: readonly Icon[];
  readonly minimumSize: Extent;
  readonly maximumSize: Extent;
  readonly preferredDockedSize: Extent;
  readonly preferredFloatingSize: Extent;
}

/** Pixels. */
interface Extent {
  readonly width: number;
  readonly height: number;
}

export interface Icon extends Extent {
  readonly path: string;
  readonly scale: readonly number[];
  readonly theme: readonly string[];
  readonly species: readonly ("generic" | "pluginList" | "toolbar")[];
}

/** The file is `PATH@1x.png` and `PATH@2x.png`. */
const icon = (side: number, species: Icon["species"], tone: "dark" | "light"): Icon => ({
  width: side,
  height: side,
  path: `icons/mark-${side}-${tone}.png`,
  scale: [1, 2],
  theme: tone === "dark" ? ["darkest", "dark", "medium"] : ["lightest", "light"],
  species,
});

const panelIcons = [icon(23, ["toolbar"], "dark"), icon(23, ["toolbar"], "light")];

export const manifest: Manifest = {
  manifestVersion: 5,
  id: "org.secondunit.premiere",
  name: "Second Unit",
  version: about.version,
  main: "index.html",
  host: { app: "premierepro", minVersion: "25.6.0" },
  entrypoints: [
    {
      type: "panel",
      id: "secondunit",
      label: { default: "Second Unit" },
      description: { default: about.description },
      icons: panelIcons,
      minimumSize: { width: 320, height: 320 },
      maximumSize: { width: 4000, height: 4000 },
      preferredDockedSize: { width: 420, height: 800 },
      preferredFloatingSize: { width: 420, height: 800 },
    },
  ],
  icons: [icon(24, ["pluginList"], "dark"), icon(24, ["pluginList"], "light")],
  requiredPermissions: {
    network: { domains: [SERVER, SOCKET] },
    // Frames are written and takes are found by path, wherever the editor's footage lies.
    localFileSystem: "fullAccess",
    webview: { allow: "yes", domains: [SERVER], enableMessageBridge: "localAndRemote" },
  },
};
