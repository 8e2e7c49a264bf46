/** A take, or two of them over one another: played, scrubbed, wiped, subtracted. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Pictures } from "../link/pictures";
import type { Take } from "../proto/secondunit/v1/deliveries_pb";
import { useFrames } from "./useFrames";

interface Given {
  readonly pictures: Pictures;
  readonly take: Take;
  readonly name: string;
  /** The one that it is compared with. */
  readonly other?: Take | undefined;
  readonly otherName?: string;
}

const LONGEST = 640;

export function Player({ pictures, take, name, other, otherName = "" }: Given) {
  const [one, two] = [useFrames(pictures, take, LONGEST), useFrames(pictures, other, LONGEST)];
  const at = useSignal(0);
  const playing = useSignal(false);
  const wipe = useSignal(50);
  const subtract = useSignal(false);
  const last = Math.max(0, one.numbers.length - 1);
  const rate = take.rate === undefined ? 24 : take.rate.num / take.rate.den;
  const shown = Math.max(1, take.frames - (take.handles?.head ?? 0) - (take.handles?.tail ?? 0));
  const wait = (1000 / rate) * (shown / Math.max(1, one.numbers.length));
  useEffect(() => {
    if (!playing.value) return undefined;
    const timer = setInterval(() => (at.value = at.peek() >= last ? 0 : at.peek() + 1), wait);
    return () => clearInterval(timer);
  }, [playing.value, last, wait]);
  const come = one.pictures.value.filter((address) => address !== undefined).length;
  const matching = Math.round((at.value / Math.max(1, last)) * Math.max(0, two.numbers.length - 1));
  const over = two.pictures.value[matching];
  const size = take.size;
  return (
    <figure class="player">
      <div class="stack" style={size === undefined ? {} : { aspectRatio: `${size.width} / ${size.height}` }}>
        <Picture address={nearest(one.pictures.value, at.value)} words={`${name}, frame ${at.value + 1}`} />
        {other !== undefined && over !== undefined && (
          <img
            src={over}
            alt={subtract.value ? `The difference from ${otherName}` : `${otherName}, left of the edge`}
            style={
              subtract.value
                ? { mixBlendMode: "difference" }
                : { clipPath: `inset(0 ${100 - wipe.value}% 0 0)` }
            }
          />
        )}
        {other !== undefined && !subtract.value && (
          <span class="edge" style={{ left: `${wipe.value}%` }} aria-hidden="true" />
        )}
        {come === 0 && <p class="quiet over">{one.trouble.value === "" ? "Loading …" : one.trouble.value}</p>}
      </div>
      <div class="bar">
        <button
          type="button" aria-pressed={playing.value}
          onClick={() => (playing.value = !playing.value)}
        >
          {playing.value ? "Pause" : "Play"}
        </button>
        <input
          class="grow" type="range" min={0} max={last} value={at}
          aria-label={`Frame of ${name}`} aria-valuetext={`Frame ${at.value + 1} of ${last + 1}`}
          onInput={({ currentTarget }) => (at.value = currentTarget.valueAsNumber)}
        />
        <span class="quiet tally">{`${at.value + 1}/${last + 1}`}</span>
      </div>
      {other !== undefined && (
        <div class="bar">
          <input
            class="grow" type="range" min={0} max={100} value={wipe} disabled={subtract.value}
            aria-label="Wipe" aria-valuetext={`${otherName} on the left ${wipe.value} per cent`}
            onInput={({ currentTarget }) => (wipe.value = currentTarget.valueAsNumber)}
          />
          <label class="check">
            <input
              type="checkbox" checked={subtract.value}
              onChange={({ currentTarget }) => (subtract.value = currentTarget.checked)}
            />
            Difference
          </label>
        </div>
      )}
      <figcaption class="quiet">
        {other === undefined ? name : subtract.value ? `${name} minus ${otherName}: black is the same` : `${otherName} | ${name}`}
      </figcaption>
    </figure>
  );
}

function Picture({ address, words }: { readonly address: string | undefined; readonly words: string }) {
  return address === undefined ? null : <img src={address} alt={words} />;
}

/** A frame that has not come is stood in for by the one before it. */
function nearest(addresses: readonly (string | undefined)[], at: number): string | undefined {
  return addresses.slice(0, at + 1).findLast((address) => address !== undefined) ?? addresses.find((a) => a !== undefined);
}
