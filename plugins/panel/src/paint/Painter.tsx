/** The frame with its tools: masks, strokes, ambient motion and the camera, seen at once. */
import "./paint.css";

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { Camera } from "./Camera";
import { pixelsOf, previewSize } from "./canvas";
import { Icon } from "./Icon";
import { Layers } from "./Layers";
import { WHOLE_LOOK, WIDE_LOOK, type Look } from "./look";
import { LEAST_RADIUS, MOST_RADIUS, type Painting, type Tool } from "./painting";
import { playing } from "./playing";
import { draw, isStill, sceneOf, type Scene, type Still } from "./preview";
import { Stage } from "./Stage";
import { Measures, Tools, TOOL_WORDS } from "./Tools";

export interface PainterProps {
  /** Made outside the view, so that what is drawn and what was done outlive it. */
  readonly painting: Painting;
  /** The frame that is painted on; undefined: it is not here yet. */
  readonly picture: Blob | undefined;
  /** Frames a second of the shot. */
  readonly rate: number;
  /** Whether a region may follow the footage under it: of extensions. */
  readonly follows?: boolean;
  /** Tools that would do nothing here, and why. */
  readonly without?: ReadonlyMap<Tool, string>;
}

/** Pixels of the preview's longer side: enough for a panel, few enough to play. */
const PREVIEW = 480;
const NONE: ReadonlyMap<Tool, string> = new Map();
const TYPING = "input, select, textarea";

export function Painter({ painting, picture, rate, follows = false, without = NONE }: PainterProps) {
  const { drawing, frames, size, tool, handle } = painting;
  const shown = useSignal<ImageBitmap | undefined>(undefined);
  const still = useSignal<Still | undefined>(undefined);
  const look = useSignal<Look>(WHOLE_LOOK);
  const borrowed = useSignal(false);
  const said = useSignal("");
  const fault = useSignal("");
  const pace = useRef(rate);
  pace.current = rate;
  const play = useMemo(() => playing(() => frames.peek(), () => pace.current), []);
  const resume = useRef(false);
  const sheet = useMemo(() => document.createElement("canvas"), []);
  const scene = useComputed<Scene | undefined>(() =>
    still.value === undefined ? undefined : sceneOf(still.value, drawing.value, frames.value),
  );

  useEffect(() => painting.start(), [painting]);
  useEffect(() => play.stop, []);
  useEffect(() => {
    const state = { gone: false };
    if (picture === undefined) return undefined;
    const read = async (): Promise<void> => {
      const bitmap = await createImageBitmap(picture);
      const at = previewSize(bitmap.width, bitmap.height, PREVIEW);
      const pixels = await pixelsOf(picture, at.width, at.height);
      if (state.gone) return;
      shown.value?.close();
      shown.value = bitmap;
      still.value = pixels;
      fault.value = "";
    };
    read().catch(() => (fault.value = "The frame could not be shown."));
    return () => {
      state.gone = true;
    };
  }, [picture]);
  useSignalEffect(() => {
    const filming = tool.value === "camera";
    if (look.peek() === (filming ? WHOLE_LOOK : WIDE_LOOK)) look.value = filming ? WIDE_LOOK : WHOLE_LOOK;
  });
  useSignalEffect(() => {
    if (play.frame.value >= Math.max(1, frames.value)) play.show(0);
  });

  /** The still while it is painted on, else the preview's frame. */
  const pictureAt = (frame: number): CanvasImageSource | undefined => {
    const now = frame === 0 ? undefined : scene.peek();
    if (now === undefined) return shown.peek();
    const { width, height } = now.still;
    if (sheet.width !== width) sheet.width = width;
    if (sheet.height !== height) sheet.height = height;
    const context = sheet.getContext("2d");
    if (context === null) return shown.peek();
    const image = context.createImageData(width, height);
    draw(now, frame, image.data);
    context.putImageData(image, 0, 0);
    return sheet;
  };
  // While the brush is down nothing is shown that a scene is needed for.
  const another = useComputed(() => (play.frame.value === 0 ? shown.value : scene.value));

  const key = (event: KeyboardEvent): void => {
    const typing = event.target instanceof Element && event.target.matches(TYPING);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const letter = event.key.toLowerCase();
    if (!plain && !event.altKey && (letter === "z" || letter === "y") && !typing) {
      if (letter === "y" || event.shiftKey) painting.redo();
      else painting.undo();
    } else if (!plain || typing) return;
    else if (KEYS.has(letter)) {
      tool.value = KEYS.get(letter) ?? "brush";
      said.value = TOOL_WORDS[tool.peek()][0];
    } else if (letter === "[" || letter === "]") {
      const radius = handle.peek().radius * (letter === "]" ? 1.2 : 1 / 1.2);
      handle.value = { ...handle.peek(), radius: Math.min(MOST_RADIUS, Math.max(LEAST_RADIUS, radius)) };
      said.value = `Brush ${Math.round(2000 * handle.peek().radius) / 10}% of the width`;
    } else if (letter === " " && !(event.target instanceof HTMLButtonElement)) borrowed.value = true;
    else if (letter === "l") play.play();
    else if (letter === "k") play.stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const press = (): void => {
    resume.current = play.on.peek();
    play.show(0);
  };
  const lift = (): void => {
    if (resume.current) play.play();
    resume.current = false;
  };
  const count = Math.max(1, frames.value);
  const nothing = drawing.value.layers.length === 0 && drawing.value.cameras.length === 0;
  return (
    <section
      class="painter" aria-label="Paint on the frame" onKeyDown={key}
      onKeyUp={(event) => {
        if (event.key === " ") borrowed.value = false;
      }}
    >
      <div class="paint-body">
        <div class="paint-main">
          <Tools painting={painting} without={without} />
          {without.has(tool.value) && <p class="paint-hint">{without.get(tool.value)}</p>}
          <div class="paint-frame">
            <Stage
              painting={painting} picture={pictureAt} scene={another} frame={play.frame} look={look}
              borrowed={borrowed} onPress={press} onLift={lift} say={(words) => (said.value = words)}
            />
            {shown.value === undefined && <p class="paint-over-frame">{fault.value || "The frame is being fetched."}</p>}
            {look.value !== WHOLE_LOOK && look.value !== WIDE_LOOK && (
              <button type="button" class="paint-whole" onClick={() => (look.value = tool.peek() === "camera" ? WIDE_LOOK : WHOLE_LOOK)}>
                {Math.round(100 * look.value.zoom)}% · show all
              </button>
            )}
          </div>
          <div class="paint-transport">
            <button
              type="button" class="paint-small" disabled={nothing || still.value === undefined}
              aria-label={play.on.value ? "Stop the preview" : "Play the preview"}
              title="Preview of the motion on this still (L plays, K stops)"
              onClick={() => (play.on.value ? play.stop() : play.play())}
            >
              <Icon sign={play.on.value ? "pause" : "play"} />
            </button>
            <input
              type="range" min={0} max={count - 1} step={1} value={play.frame.value} disabled={nothing}
              aria-label="Frame of the preview"
              aria-valuetext={`Frame ${play.frame.value + 1} of ${count}`}
              onInput={({ currentTarget }) => play.show(currentTarget.valueAsNumber)}
            />
            <output>{play.frame.value + 1} / {count}</output>
          </div>
          <Said painting={painting} preview={play.frame.value > 0 && scene.value !== undefined && !isStill(scene.value)} />
        </div>
        <div class="paint-side">
          <Measures painting={painting} />
          {tool.value === "camera" ? <Camera painting={painting} /> : <Layers painting={painting} follows={follows} />}
        </div>
      </div>
      <p class="paint-unseen" role="status">{said}</p>
      {size.value === undefined && <p class="paint-hint">The size of the shot is not known yet.</p>}
    </section>
  );
}

/** What is kept, and what is shown. */
function Said({ painting, preview }: { readonly painting: Painting; readonly preview: boolean }) {
  const { standing, trouble } = painting;
  if (trouble.value !== "") {
    return (
      <p class="paint-trouble" role="alert">
        {standing.value === "reading"
          ? `What was painted could not be read back: ${trouble.value} It is tried again. `
          : `What you paint is not on the server yet: ${trouble.value} It is kept here and tried again.`}
        {standing.value === "reading" && (
          <button type="button" onClick={painting.anew}>Paint anew</button>
        )}
      </p>
    );
  }
  return (
    <p class="paint-hint" data-testid="paint-standing" data-standing={standing.value}>
      {preview ? "A rough preview: the draft shows what will be made." : standing.value === "reading" ? "Reading what was painted." : ""}
    </p>
  );
}

const KEYS: ReadonlyMap<string, Tool> = new Map(
  (Object.entries(TOOL_WORDS) as [Tool, readonly [string, string, string]][]).map(([tool, [, letter]]) => [
    letter.toLowerCase(),
    tool,
  ]),
);
