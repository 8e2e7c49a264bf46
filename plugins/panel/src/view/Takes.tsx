/** Every shot that was asked for and its takes: to look at, compare, place, take back, use again. */
import { useSignal } from "@preact/signals";

import { can } from "../link/host";
import { addressOf } from "../link/blobs";
import { search, type Asked } from "../model/history";
import { requestIn, takeOf } from "../model/making";
import type { Panel } from "../model/panel";
import { place, standingFor, switchTo, takeBack, targetFor } from "../model/placing";
import { framesWords, trackWords } from "../model/words";
import { HostAbility } from "../proto/secondunit/v1/hosts_pb";
import { Player } from "./Player";
import { Report } from "./Report";
import { useAddress } from "./useAddress";

export function Takes({ panel }: { readonly panel: Panel }) {
  const words = useSignal("");
  const found = search(panel.history.all.value, words.value);
  return (
    <section aria-label="Takes">
      <div class="bar">
        <h2 class="grow">Takes</h2>
        <input
          id="search" type="search" placeholder="Search" aria-label="Search the takes" value={words}
          onInput={({ currentTarget }) => (words.value = currentTarget.value)}
        />
      </div>
      {found.length === 0 && (
        <p class="quiet">{words.value === "" ? "Takes that you ask for are kept here." : "No take has these words."}</p>
      )}
      {groups(found).map((lines) => <Group key={lines[0]?.id} panel={panel} lines={lines} />)}
    </section>
  );
}

/** Takes of one shot together, the newest shot first. */
function groups(lines: readonly Asked[]): readonly (readonly Asked[])[] {
  const found = new Map<string, Asked[]>();
  for (const line of lines) {
    const key = `${line.timelineId}\n${takeOf(line)?.shotId ?? line.sentence}`;
    found.set(key, [...(found.get(key) ?? []), line]);
  }
  return [...found.values()];
}

function Group({ panel, lines }: { readonly panel: Panel; readonly lines: readonly Asked[] }) {
  const [first] = lines;
  const made = lines.filter((line) => line.take !== undefined);
  const open = useSignal<string | undefined>(undefined);
  const against = useSignal("");
  if (first === undefined) return null;
  const line = made.find(({ id }) => id === open.value);
  const take = line === undefined ? undefined : takeOf(line);
  const other = made.find(({ id }) => id === against.value && id !== open.value);
  return (
    <article class="group-of-takes" data-testid="takes">
      <p><strong>{first.sentence}</strong></p>
      <p class="quiet">{[first.project, first.timeline].filter((text) => text !== "").join(" · ")}</p>
      <ul class="takes">
        {lines.map((one) => (
          <Card
            key={one.id} panel={panel} line={one} name={nameFor(one, lines)}
            open={one.id === open.value}
            turn={() => (open.value = open.value === one.id ? undefined : one.id)}
          />
        ))}
      </ul>
      {line !== undefined && take !== undefined && (
        <div class="looking">
          {made.length > 1 && (
            <p class="bar">
              <label for={`against-${line.id}`}>Compare with</label>
              <select
                id={`against-${line.id}`} value={against}
                onChange={({ currentTarget }) => (against.value = currentTarget.value)}
              >
                <option value="">nothing</option>
                {made.filter(({ id }) => id !== line.id).map((one) => (
                  <option key={one.id} value={one.id}>{nameFor(one, lines)}</option>
                ))}
              </select>
            </p>
          )}
          <Player
            pictures={panel.pictures} take={take} name={nameFor(line, lines)}
            other={other === undefined ? undefined : takeOf(other)}
            otherName={other === undefined ? "" : nameFor(other, lines)}
          />
          <Report take={take} />
          <Details panel={panel} line={line} />
        </div>
      )}
    </article>
  );
}

function nameFor(line: Asked, lines: readonly Asked[]): string {
  const version = takeOf(line)?.version ?? 0;
  if (version > 0) return `v${`${version}`.padStart(3, "0")}`;
  const older = lines.filter((one) => one.draft === line.draft && one.when <= line.when).length;
  return `${line.draft ? "Draft" : "Take"} ${older}`;
}

interface OfCard {
  readonly panel: Panel;
  readonly line: Asked;
  readonly name: string;
  readonly open: boolean;
  readonly turn: () => void;
}

function Card({ panel, line, name, open, turn }: OfCard) {
  const poster = useAddress(line.poster);
  const said = saidOf(line);
  return (
    <li data-testid="take" data-placed={line.placed !== undefined}>
      <button type="button" class="poster" aria-expanded={open} disabled={line.take === undefined} onClick={turn} aria-label={`Look at ${name}`}>
        {poster === undefined ? <span class="quiet">{said === "" ? "…" : said}</span> : <img src={poster} alt="" />}
      </button>
      <div class="bar">
        <span class="grow">{name}</span>
        {line.placed !== undefined && <span class="good">on the timeline</span>}
      </div>
      {line.take !== undefined && <Actions panel={panel} line={line} name={name} />}
      {line.failed !== undefined && <p class="fault">{line.failed}</p>}
    </li>
  );
}

function saidOf(line: Asked): string {
  if (line.cancelled === true) return "cancelled";
  if (line.failed !== undefined) return "failed";
  return line.take === undefined ? "being made" : "";
}

function Actions({ panel, line, name }: Pick<OfCard, "panel" | "line" | "name">) {
  const { link, session, history, attempt } = panel;
  const host = link.hosts.value.find(({ id }) => id === link.chosen.value);
  const context = link.context.value;
  const standing = standingFor(line, history.all.value);
  const request = requestIn(line);
  const why = host === undefined
    ? "No editing program is attached."
    : can(host, HostAbility.PLACE) ? "" : `${host.name} places nothing here; see what it says of itself.`;
  const target = request !== undefined && context !== undefined && context.timelineId === line.timelineId
    ? targetFor(request, line.track, context) : undefined;
  const does = target === undefined || request?.record === undefined
    ? why
    : `Puts ${framesWords(request.record.frames)} on ${target.fresh ? `a new track, ${trackWords(target.track)}` : trackWords(target.track)}`;
  return (
    <div class="bar">
      {line.placed !== undefined ? (
        <button
          type="button" aria-label={`Take back ${name}`} title="Removes what was placed, and nothing else"
          disabled={!can(host, HostAbility.REMOVE)}
          onClick={() => void attempt(() => takeBack(link, history, line))}
        >
          Take back
        </button>
      ) : standing !== undefined && can(host, HostAbility.TAKES) ? (
        <button
          type="button" aria-label={`Show ${name} on the timeline`}
          onClick={() => void attempt(() => switchTo(session, link, history, line, standing))}
        >
          Show this one
        </button>
      ) : request === undefined ? null : (
        <button
          type="button" class={line.draft ? "" : "chief"} aria-label={`Place ${name}`} title={does}
          disabled={why !== "" || context === undefined}
          onClick={() => void attempt(() => place(session, link, history, line, context ?? never()))}
        >
          Place
        </button>
      )}
      {request !== undefined && (
        <button
          type="button" aria-label={`Use the settings of ${name} again`}
          onClick={() => {
            panel.asking.take(request);
            panel.tab.value = "shot";
            panel.notice.value = "Its settings are set again.";
          }}
        >
          Re-use
        </button>
      )}
      <button
        type="button" class="plain" aria-label={`Forget ${name}`} title="Leaves this list; the files stay"
        onClick={() => void attempt(async () => {
          await history.forget(line.id);
          return "Forgotten here; its files stay.";
        })}
      >
        ×
      </button>
    </div>
  );
}

function never(): never {
  throw new Error("No editing program is attached.");
}

function Details({ panel, line }: Pick<OfCard, "panel" | "line">) {
  const sheet = useAddress(line.sheet);
  const take = takeOf(line);
  if (take === undefined) return null;
  const file = take.file.replace(/^.*[\\/]/, "");
  return (
    <>
      {sheet !== undefined && (
        <details><summary>Contact sheet</summary><img class="sheet" src={sheet} alt="Contact sheet of the take" /></details>
      )}
      <p class="file"><code>{take.file}</code></p>
      <p class="bar">
        <button
          type="button"
          onClick={() => void panel.attempt(async () => {
            await navigator.clipboard.writeText(take.file);
            return "The path is copied.";
          })}
        >
          Copy path
        </button>
        {take.clip !== undefined && (
          <a class="button" href={addressOf(panel.session, take.clip)} download={file}>Download</a>
        )}
        {can(panel.link.hosts.value.find(({ id }) => id === panel.link.chosen.value), HostAbility.AUDITION) && (
          <button
            type="button"
            onClick={() => void panel.attempt(async () => {
              await panel.link.ask({ case: "audition", value: { $typeName: "secondunit.v1.Audition", path: take.file } });
              return "It is shown in the viewer.";
            })}
          >
            Look at it in the host
          </button>
        )}
      </p>
    </>
  );
}
