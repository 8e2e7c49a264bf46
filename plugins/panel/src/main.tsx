/** Where the panel begins: one session, one tree of views. */
import { render } from "preact";

import { Session } from "./link/session";
import { App } from "./view/App";

const place = document.getElementById("panel");
if (place === null) throw new Error("the page has no place for the panel");
render(<App session={new Session(window.location, window.localStorage)} />, place);
