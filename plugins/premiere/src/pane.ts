/** What of the panel is Premiere's own: the frame around the server's page, and words where it is away. */
import { openBridge, type Bridge, type Inlet } from "./bridge";
import type { Desk } from "./desk";
import type { Host as Program, HostContext } from "../../panel/src/proto/secondunit/v1/hosts_pb";

/** Milliseconds between two tries to load the page. */
const AGAIN = 3000;

/** What is used of UXP's webview. */
export interface Webview {
  src: string;
  addEventListener(kind: "loadstop" | "loaderror", hear: () => void): void;
  postMessage(message: unknown, origin: string): void;
  readonly classList: { toggle(name: string, on: boolean): unknown };
}

export interface Pane {
  readonly server: string;
  readonly webview: Webview;
  readonly inlet: Inlet;
  readonly host: Program;
  readonly desk: Desk;
  /** Shows what happened and what to do; both empty: nothing is amiss. */
  readonly say: (what: string, remedy: string) => void;
  readonly later?: (act: () => void, milliseconds: number) => void;
}

/** Loads the panel, and again as long as its server is not there. */
export function openPane({ server, webview, inlet, host, desk, say, later = setTimeout }: Pane): Bridge & { load(): void } {
  const bridge = openBridge(server, inlet, webview, host, desk);
  let loaded = false;
  const load = (): void => {
    webview.src = `${server}/`;
  };
  webview.addEventListener("loadstop", () => {
    loaded = true;
    webview.classList.toggle("hidden", false);
    say("", "");
  });
  webview.addEventListener("loaderror", () => {
    loaded = false;
    webview.classList.toggle("hidden", true);
    say(
      "The server of Second Unit does not answer.",
      `Start it on this machine with: secondunit serve --bridge ${new URL(server).host}. The panel goes on by itself.`,
    );
    later(() => {
      if (!loaded) load();
    }, AGAIN);
  });
  load();
  return {
    tell: (context: HostContext) => {
      if (loaded) bridge.tell(context);
    },
    end: () => bridge.end(),
    load,
  };
}
