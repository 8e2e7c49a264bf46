/** The panel as a whole: who we are to the server decides what is seen. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { hasEnded } from "../link/watch";
import { TABS, type Panel, type Tab } from "../model/panel";
import { Trouble } from "./Field";
import { Keys, useKeys } from "./Keys";
import { Making } from "./Making";
import { Pair } from "./Pair";
import { Shot } from "./Shot";
import { Takes } from "./Takes";
import { TimelineFile } from "./TimelineFile";

/** Good news leaves by itself; what went wrong stays until it is dismissed. */
const NOTICE_MILLISECONDS = 7000;

const NAMES: Readonly<Record<Tab, string>> = {
  shot: "Shot",
  making: "Making",
  takes: "Takes",
  file: "File",
};

export function App({ panel }: { readonly panel: Panel }) {
  const { session } = panel;
  const sheet = useSignal(false);
  useKeys(panel, sheet);
  useEffect(() => {
    const code = /^#pair=(\d+)$/.exec(window.location.hash)?.[1];
    if (code !== undefined) history.replaceState(null, "", window.location.pathname);
    void (code === undefined ? session.begin() : session.enter(code).catch(() => session.begin()));
    return panel.start();
  }, [panel]);
  const standing = session.standing.value;
  if (standing === "stranger") return <Pair session={session} />;
  if (standing === "asking") return <p class="quiet" role="status">Second Unit</p>;
  return (
    <div class="panel" data-tab={panel.tab.value}>
      {standing === "away" && (
        <p class="banner" role="alert">
          <strong>The server does not answer.</strong> What you set is kept and takes stay here. The panel goes
          on by itself when <code>secondunit serve</code> runs again.
        </p>
      )}
      <Tabs panel={panel} open={() => (sheet.value = true)} />
      <div class="pane" data-pane="shot" id="pane-shot"><Shot panel={panel} /></div>
      <div class="pane" data-pane="making" id="pane-making"><Making panel={panel} /></div>
      <div class="pane" data-pane="takes" id="pane-takes"><Takes panel={panel} /></div>
      <div class="pane" data-pane="file" id="pane-file"><TimelineFile panel={panel} /></div>
      <Said panel={panel} />
      <Keys open={sheet} />
    </div>
  );
}

function Tabs({ panel, open }: { readonly panel: Panel; readonly open: () => void }) {
  const { tab, queue } = panel;
  const busy = [...queue.running.value.values()].filter(({ job }) => !hasEnded(job)).length;
  const step = (by: number): void => {
    const at = TABS.indexOf(tab.peek());
    tab.value = TABS[(at + by + TABS.length) % TABS.length] ?? "shot";
    document.getElementById(`tab-${tab.peek()}`)?.focus();
  };
  return (
    <nav class="bar top" aria-label="Second Unit">
      <div
        class="tabs" role="tablist" aria-label="Parts of the panel"
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") step(1);
          if (event.key === "ArrowLeft") step(-1);
        }}
      >
        {TABS.map((one) => (
          <button
            key={one} id={`tab-${one}`} type="button" role="tab" aria-selected={tab.value === one}
            aria-controls={`pane-${one}`} tabIndex={tab.value === one ? 0 : -1}
            onClick={() => (tab.value = one)}
          >
            {NAMES[one]}
            {one === "making" && busy > 0 && <span class="count">{busy}</span>}
          </button>
        ))}
      </div>
      <button type="button" class="plain" aria-label="Keyboard" title="Keyboard (?)" onClick={open}>?</button>
    </nav>
  );
}

/** What has just happened, or gone wrong. */
function Said({ panel }: { readonly panel: Panel }) {
  const [notice, trouble] = [panel.notice.value, panel.trouble.value];
  useEffect(() => {
    const timer = setTimeout(() => (panel.notice.value = ""), NOTICE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [notice]);
  return (
    <div class="said" data-shown={notice !== "" || trouble !== undefined}>
      <p role="status" aria-live="polite" data-testid="notice">{notice}</p>
      {trouble !== undefined && <Trouble trouble={trouble} />}
      {(notice !== "" || trouble !== undefined) && (
        <button
          type="button" class="plain" aria-label="Dismiss"
          onClick={() => {
            panel.notice.value = "";
            panel.trouble.value = undefined;
          }}
        >
          ×
        </button>
      )}
    </div>
  );
}
