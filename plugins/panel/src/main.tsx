/** Where the panel begins: one session, one way to the editing program, one tree of views. */
import { render } from "preact";

import { messageHost, outletOf } from "./link/message-host";
import { serverHosts } from "./link/server-hosts";
import { Session } from "./link/session";
import { panel } from "./model/panel";
import { App } from "./view/App";

const place = document.getElementById("panel");
if (place === null) throw new Error("the page has no place for the panel");
const session = new Session(window.location, window.localStorage);
const outlet = outletOf(window);
const link = outlet === undefined ? serverHosts(session) : messageHost(window, outlet);
const shelves = { local: window.localStorage, tab: window.sessionStorage };
render(<App panel={panel(session, link, shelves)} />, place);
