/** The strip: frames of the footage around the shot, picked with a click and pinned at a frame. */
import "./paint.css";

import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { Keyframe } from "../proto/secondunit/v1/shots_pb";
import type { File } from "../proto/secondunit/v1/units_pb";
import { Icon } from "./Icon";
import { fileKey, frameOf, pinned, repinned, spaced, type Footage } from "./keyframes";
import { Whole } from "./Layers";
import { Slider } from "./Tools";

export interface KeyframeStripProps {
  /** The neighbours, the shot's own clip. */
  readonly footage: readonly Footage[];
  /** Frames that the cut will show. */
  readonly frames: number;
  readonly keyframes: ReadonlySignal<readonly Keyframe[]>;
  readonly edit: (keyframes: Keyframe[]) => void;
  /** The address of a picture of a frame, its longer side `longest` pixels. */
  readonly getPicture: (path: string, frame: number, longest: number) => Promise<string>;
  /** A frame as an image of the shot's size that a request can name. */
  readonly imageOf: (path: string, frame: number) => Promise<File>;
  /** The address of an image that was pinned before. */
  readonly getImage: (image: File) => Promise<string>;
}

const LONGEST = 160;
const LARGE = 640;
const COUNTS = [6, 12, 24] as const;
const NARROW = 420;

export function KeyframeStrip(props: KeyframeStripProps) {
  const { footage, frames, keyframes, edit, getPicture, imageOf } = props;
  const chosen = useSignal(0);
  const frame = useSignal(footage[0]?.start ?? 0);
  const at = useSignal(0);
  const strength = useSignal(1);
  const fault = useSignal("");
  const busy = useSignal(false);
  const count = useSignal<number>(COUNTS[0]);
  const root = useRef<HTMLElement>(null);
  const clip = footage[Math.min(chosen.value, footage.length - 1)];

  useEffect(() => {
    const element = root.current;
    if (element === null) return undefined;
    const measure = new ResizeObserver(() => {
      const width = element.clientWidth;
      count.value = width < NARROW ? COUNTS[0] : width < 2 * NARROW ? COUNTS[1] : COUNTS[2];
    });
    measure.observe(element);
    return () => measure.disconnect();
  }, []);

  if (clip === undefined) return <p class="paint-hint">There is no footage here to pick a frame from.</p>;
  const last = clip.start + Math.max(0, clip.frames - 1);
  const picked = Math.min(last, Math.max(clip.start, frame.value));
  const step = (by: number): void => {
    frame.value = Math.min(last, Math.max(clip.start, picked + by));
  };
  const pin = async (): Promise<void> => {
    busy.value = true;
    fault.value = "";
    try {
      const image = await imageOf(clip.path, picked);
      edit(pinned(keyframes.peek(), image, at.peek(), strength.peek(), frames));
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    } finally {
      busy.value = false;
    }
  };
  const shownFrames = spaced(clip, count.value);
  const nearest = shownFrames.toSorted((a, b) => Math.abs(a - picked) - Math.abs(b - picked))[0];
  return (
    <section class="keyframes" aria-label="Keyframes" ref={root}>
      {footage.length > 1 && (
        <div class="paint-add" role="group" aria-label="Footage">
          {footage.map(({ name }, n) => (
            <button
              key={`${n} ${name}`} type="button" aria-pressed={n === chosen.value}
              onClick={() => {
                chosen.value = n;
                frame.value = footage[n]?.start ?? 0;
              }}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      <div
        class="key-strip" role="group" aria-label={`Frames of ${clip.name}; arrow keys step one frame`}
        onKeyDown={(event) => {
          const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (by === 0) return;
          event.preventDefault();
          step(by * (event.shiftKey ? 10 : 1));
        }}
      >
        {shownFrames.map((one) => (
          <button
            key={one} type="button" class="key-thumb" aria-pressed={one === nearest}
            aria-label={`Frame ${one}`} title={`Frame ${one}`} onClick={() => (frame.value = one)}
          >
            <Picture get={() => getPicture(clip.path, one, LONGEST)} name={`${clip.path} ${one}`} alt="" />
          </button>
        ))}
      </div>
      <div class="paint-transport">
        <button type="button" class="paint-small" aria-label="One frame back" onClick={() => step(-1)}>‹</button>
        <input
          type="range" min={clip.start} max={last} step={1} value={picked}
          aria-label={`Frame of ${clip.name}`} aria-valuetext={`Frame ${picked}`}
          onInput={({ currentTarget }) => (frame.value = currentTarget.valueAsNumber)}
        />
        <button type="button" class="paint-small" aria-label="One frame on" onClick={() => step(1)}>›</button>
      </div>
      <div class="key-pick">
        <figure>
          <Picture
            get={() => getPicture(clip.path, picked, LARGE)} name={`${clip.path} ${picked}`}
            alt={`Frame ${picked} of ${clip.name}`}
          />
          <figcaption>{clip.name}, frame {picked}</figcaption>
        </figure>
        <div class="paint-measures">
          <div class="paint-over">
            <span>Pin at frame</span>
            <Whole name="Frame of the shot to pin at" value={at.value} most={frames - 1} set={(n) => (at.value = hold(n, frames))} />
            <button type="button" aria-pressed={at.value === 0} onClick={() => (at.value = 0)}>First</button>
            <button
              type="button" aria-pressed={at.value === frames - 1}
              onClick={() => (at.value = Math.max(0, frames - 1))}
            >
              Last
            </button>
          </div>
          <Slider
            name="Strength" unit="%" title="100% is exact, pixel for pixel" value={100 * strength.value}
            least={0} most={100} step={5} set={(value) => (strength.value = value / 100)}
          />
          <button type="button" disabled={busy.value} onClick={() => void pin()}>
            <Icon sign="pin" /> Pin this frame
          </button>
          {fault.value !== "" && <p class="paint-trouble" role="alert">{fault}</p>}
        </div>
      </div>
      <Pins {...props} />
    </section>
  );
}

/** The keyframes on the line of the shot, and each with its numbers. */
function Pins({ frames, keyframes, edit, getImage }: KeyframeStripProps) {
  const pins = keyframes.value;
  if (pins.length === 0) return <p class="paint-hint">Nothing is pinned: the cut's own frames lead the shot.</p>;
  return (
    <>
      <div class="key-line" aria-hidden="true">
        {pins.map((one, n) => (
          <i key={n} style={{ left: `${(100 * frameOf(one, frames)) / Math.max(1, frames - 1)}%` }} />
        ))}
      </div>
      <ol class="key-pins">
        {pins.map((one, n) => {
          const place = frameOf(one, frames);
          const strength = one.strength ?? 1;
          return (
            <li key={`${fileKey(one.image)} ${place}`}>
              <Picture
                get={() => (one.image === undefined ? Promise.reject(new Error("no image")) : getImage(one.image))}
                name={fileKey(one.image)} alt={`Keyframe at frame ${place}`}
              />
              <div class="paint-measures">
                <div class="paint-over">
                  <span>Frame</span>
                  <Whole
                    name={`Frame of keyframe ${n + 1}`} value={place} most={frames - 1}
                    set={(value) => edit(repinned(pins, n, { frame: value }, frames))}
                  />
                  <button
                    type="button" class="paint-small" aria-label={`Remove the keyframe at frame ${place}`}
                    onClick={() => edit(pins.filter((_, other) => other !== n))}
                  >
                    <Icon sign="bin" />
                  </button>
                </div>
                <Slider
                  name="Strength" unit="%" value={100 * strength} least={0} most={100} step={5}
                  set={(value) => edit(repinned(pins, n, { strength: value / 100 }, frames))}
                />
              </div>
            </li>
          );
        })}
      </ol>
    </>
  );
}

function hold(frame: number, frames: number): number {
  return Math.min(Math.max(0, frames - 1), Math.max(0, Math.round(frame)));
}

interface PictureProps {
  readonly get: () => Promise<string>;
  /** Of what `get` gets. */
  readonly name: string;
  readonly alt: string;
}

/** A picture that comes when it comes; the one before stays until then. */
function Picture({ get, name, alt }: PictureProps) {
  const address = useSignal("");
  const missing = useSignal(false);
  const wanted = useSignal(name);
  wanted.value = name;
  const getter = useRef(get);
  getter.current = get;
  useSignalEffect(() => {
    const asked = wanted.value;
    getter.current().then(
      (found) => {
        if (wanted.peek() !== asked) return;
        address.value = found;
        missing.value = false;
      },
      () => (missing.value = wanted.peek() === asked),
    );
  });
  if (address.value === "" || missing.value) {
    return <span class="key-blank">{missing.value ? "no picture" : ""}</span>;
  }
  return <img src={address.value} alt={alt} draggable={false} />;
}
