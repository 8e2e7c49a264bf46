/** The plugin as a whole: the panel in its webview, the desk that serves it, the line for others. */
import { decode } from "./utf8";

import { SERVER } from "./address";
import { openDesk } from "./desk";
import { watchContext } from "./glance";
import { hello } from "./hello";
import { openPremiere, openSafe } from "./host";
import { openLink, type Link, type Socket, type Standing } from "./link";
import { openPane, type Webview } from "./pane";
import { pair } from "./pairing";
import { Refusal } from "./refusal";

const WORDS: Readonly<Record<Standing, string>> = {
  linked: "Panels in a browser can reach this Premiere too.",
  away: "The line for panels in a browser is down; it comes back with the server.",
  stranger: "To reach this Premiere from a panel in a browser, pair it once.",
  ended: "",
};

const premiere = openPremiere();
const safe = openSafe(decode);
const desk = openDesk(premiere);
const host = hello(premiere);

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found;
}

const webview = document.createElement("webview") as HTMLElement & Webview;
part("stage").appendChild(webview);

const pane = openPane({
  server: SERVER,
  webview,
  inlet: window,
  host,
  desk,
  say: (what, remedy) => {
    part("away").classList.toggle("hidden", what === "");
    part("away-what").textContent = what;
    part("away-remedy").textContent = remedy;
  },
});
part("again").addEventListener("click", () => pane.load());

let link: Link | undefined;

function show(standing: Standing): void {
  part("outside-what").textContent = WORDS[standing];
  part("outside-code").classList.toggle("hidden", standing !== "stranger");
  if (standing === "stranger") void safe.forget();
}

function hold(token: string): void {
  const connect = (url: string, protocols: string[]): Socket => new WebSocket(url, protocols) as Socket;
  link = openLink({ server: SERVER, token, host, desk, connect, standing: show });
}

async function pairing(): Promise<void> {
  const code = (part("code") as HTMLInputElement).value.trim();
  try {
    const token = await pair(SERVER, code, `${host.name} ${host.version}`, (url, asked) => fetch(url, asked));
    await safe.write(token);
    hold(token);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    part("outside-what").textContent = `${error.message} ${error.remedy}`;
  }
}

part("pair").addEventListener("click", () => void pairing());
void safe.read().then((token) => {
  if (token === "") show("stranger");
  else hold(token);
});
watchContext(premiere, desk, (context) => {
  pane.tell(context);
  link?.tell(context);
});
