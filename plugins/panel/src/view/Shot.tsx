/** The shot that is asked for: where, what, with what, at what price. */
import type { Panel } from "../model/panel";
import { importOf, sentenceOf } from "../model/sentence";
import { Frame } from "./Frame";
import { Keyframes } from "./Keyframes";
import { Operations } from "./Operations";
import { Price } from "./Price";
import { Settings } from "./Settings";

export function Shot({ panel }: { readonly panel: Panel }) {
  const { asking, link } = panel;
  const [site, context] = [asking.site.value, asking.context.value];
  if (context === undefined) return <NoHost panel={panel} />;
  return (
    <form
      class="shot-form"
      onSubmit={(event) => {
        event.preventDefault();
        void panel.make(false);
      }}
    >
      <section class="context" aria-label="What will be made">
        <Chooser panel={panel} />
        {site === undefined ? (
          <p class="sentence">
            Nothing to make here yet. Put the playhead into a gap, mark a range, or select a clip.
          </p>
        ) : (
          <>
            <p class="sentence" data-testid="sentence">{sentenceOf(site, context)}</p>
            <p class="quiet import" data-testid="import">
              {importOf(site, asking.settings.value.place, context)}
            </p>
          </>
        )}
        {link.trouble.value !== "" && <p class="fault" role="alert">{link.trouble.value}</p>}
        <Hold panel={panel} />
      </section>
      {site !== undefined && <Frame panel={panel} site={site} />}
      <Operations panel={panel} />
      {site !== undefined && <Keyframes panel={panel} site={site} />}
      {site !== undefined && <Settings panel={panel} />}
      <Price panel={panel} />
    </form>
  );
}

/** Which program is meant, and what of it does not work here. */
function Chooser({ panel }: { readonly panel: Panel }) {
  const { hosts, chosen } = panel.link;
  const host = hosts.value.find(({ id }) => id === chosen.value);
  const context = panel.asking.context.value;
  const notes = [...(host?.limits ?? []), ...(context?.notices ?? [])];
  return (
    <>
      <p class="quiet where">
        {hosts.value.length > 1 ? (
          <select
            aria-label="Editing program"
            value={chosen}
            onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}
          >
            {hosts.value.map(({ id, name, version }) => (
              <option key={id} value={id}>{`${name} ${version}`}</option>
            ))}
          </select>
        ) : (
          <span>{host === undefined ? "The editing program is gone; this is what it showed last" : host.name}</span>
        )}
        <span>{[context?.project, context?.timeline].filter((text) => text !== "").join(" · ")}</span>
      </p>
      {notes.length > 0 && (
        <details class="notes">
          <summary>{notes.length === 1 ? "One thing to know" : `${notes.length} things to know`}</summary>
          <ul>{notes.map((note) => <li key={note}>{note}</li>)}</ul>
        </details>
      )}
    </>
  );
}

function Hold({ panel }: { readonly panel: Panel }) {
  const { held, context } = panel.asking;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={held.value !== undefined}
        onChange={({ currentTarget }) =>
          (held.value = currentTarget.checked ? context.peek() : undefined)
        }
      />
      Keep this place while I look elsewhere
    </label>
  );
}

function NoHost({ panel }: { readonly panel: Panel }) {
  return (
    <section class="empty">
      <h2>No editing program is attached</h2>
      <p>
        <strong>DaVinci Resolve Studio:</strong> choose Workspace &gt; Scripts &gt; Second Unit, or run{" "}
        <code>secondunit resolve install</code> once, then start Resolve anew.
      </p>
      <p>
        <strong>Premiere:</strong> open Window &gt; UXP Plugins &gt; Second Unit.
      </p>
      <p>
        <strong>Any other, and Resolve's free edition:</strong> export the timeline as .otio, .fcpxml or
        .xml and open it under{" "}
        <button type="button" class="link" onClick={() => (panel.tab.value = "file")}>
          File
        </button>
        .
      </p>
    </section>
  );
}
