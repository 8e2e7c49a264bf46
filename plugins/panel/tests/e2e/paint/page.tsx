/** The painter and the strip without a server: a drawn still, files kept in the page. */
import { create, toJson } from "@bufbuild/protobuf";
import { effect, signal } from "@preact/signals";
import { render } from "preact";

import type { Controls } from "../../../src/paint/drawing";
import { KeyframeStrip } from "../../../src/paint/KeyframeStrip";
import { Painter } from "../../../src/paint/Painter";
import { painting } from "../../../src/paint/painting";
import { draw, sceneOf } from "../../../src/paint/preview";
import { ShotRequestSchema, type Keyframe } from "../../../src/proto/secondunit/v1/shots_pb";
import { DigestSchema, FileSchema, type File } from "../../../src/proto/secondunit/v1/units_pb";

const SIZE = { width: 640, height: 360 };
const FRAMES = 24;
const asked = new URLSearchParams(window.location.search);
document.documentElement.dataset["theme"] = asked.get("theme") ?? "dark";

const files = new Map<string, Blob>();
const addresses = new Map<string, string>();
const keep = async (blob: Blob): Promise<File> => {
  if (window.away === true) throw new Error("The server does not answer.");
  const bytes = await blob.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  files.set(sha256, blob);
  const value = create(DigestSchema, { sha256, sizeBytes: BigInt(bytes.byteLength) });
  return create(FileSchema, { source: { case: "blob", value } });
};
const fetched = (file: File): Promise<Blob> => {
  const found = file.source.case === "blob" ? files.get(file.source.value.sha256) : undefined;
  return found === undefined ? Promise.reject(new Error("no such picture")) : Promise.resolve(found);
};

/** A beach: sky, sea, sand and a red ball. */
async function still(shift: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, SIZE);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  const sky = context.createLinearGradient(0, 0, 0, 200);
  sky.addColorStop(0, "#3f6fa8");
  sky.addColorStop(1, "#c9dbe6");
  context.fillStyle = sky;
  context.fillRect(0, 0, 640, 200);
  context.fillStyle = "#2f6b76";
  context.fillRect(0, 180, 640, 90);
  context.fillStyle = "#d8c08c";
  context.fillRect(0, 270, 640, 90);
  context.strokeStyle = "rgb(255 255 255 / 0.35)";
  for (let n = 0; n < 40; n += 1) {
    context.beginPath();
    context.moveTo((n * 97) % 640, 186 + ((n * 37) % 80));
    context.lineTo(((n * 97) % 640) + 30, 186 + ((n * 37) % 80));
    context.stroke();
  }
  context.fillStyle = "#c8372d";
  context.beginPath();
  context.arc(160 + shift, 250, 40, 0, 7);
  context.fill();
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob === null ? fail(new Error("no picture")) : done(blob)), "image/png"),
  );
}

const picture = signal<Blob | undefined>(undefined);
const controls = signal<Controls>({ mask: undefined, strokes: [], ambients: [], cameras: [] });
const keyframes = signal<readonly Keyframe[]>([]);
const size = signal<typeof SIZE | undefined>(SIZE);
const model = painting({
  size, frames: signal(FRAMES), controls, edit: (made) => (controls.value = made),
  store: { put: keep, get: fetched },
});

declare global {
  interface Window {
    away?: boolean;
    said: unknown;
    /** The bytes of a painted file at places of it; nothing where it has not the shot's size. */
    pixels: (sha256: string, places: readonly (readonly [number, number])[]) => Promise<number[]>;
    /** Sets the painter's size anew, so that it reads all its files again. */
    reread: () => void;
    /** Milliseconds for a frame of the preview at its size. */
    pace: () => Promise<number>;
  }
}
effect(() => {
  const request = { ...controls.value, keyframes: [...keyframes.value] };
  const { mask, ...rest } = request;
  window.said = toJson(
    ShotRequestSchema,
    create(ShotRequestSchema, { ...rest, ...(mask === undefined ? {} : { mask }) }),
  );
});
window.pixels = async (sha256, places) => {
  const blob = files.get(sha256);
  const bitmap = blob === undefined ? undefined : await createImageBitmap(blob);
  if (bitmap?.width !== SIZE.width || bitmap.height !== SIZE.height) return [];
  const context = new OffscreenCanvas(SIZE.width, SIZE.height).getContext("2d");
  context?.drawImage(bitmap, 0, 0);
  return places.map(([x, y]) => {
    const at = context?.getImageData(Math.round(x * SIZE.width), Math.round(y * SIZE.height), 1, 1);
    return at?.data[0] ?? 0;
  });
};
window.reread = () => (size.value = { ...SIZE, width: SIZE.width, height: SIZE.height });
window.pace = async () => {
  const { pixelsOf } = await import("../../../src/paint/canvas");
  const small = await pixelsOf(picture.value ?? new Blob(), 480, 270);
  const scene = sceneOf(small, model.drawing.value, FRAMES);
  const into = new Uint8ClampedArray(small.rgba.length);
  draw(scene, 1, into);
  const start = performance.now();
  for (let frame = 1; frame <= 12; frame += 1) draw(scene, frame, into);
  return (performance.now() - start) / 12;
};

const address = async (frame: number): Promise<string> => {
  const key = `${frame}`;
  const known = addresses.get(key) ?? URL.createObjectURL(await still(4 * frame));
  addresses.set(key, known);
  return known;
};

function Page() {
  return (
    <>
      <h1>The painter</h1>
      <Painter painting={model} picture={picture.value} rate={24} follows />
      <KeyframeStrip
        footage={[
          { name: "A014_C003", path: "/a", start: 0, frames: 48 },
          { name: "A015_C001", path: "/b", start: 10, frames: 30 },
        ]}
        frames={FRAMES} keyframes={keyframes} edit={(made) => (keyframes.value = made)}
        getPicture={(_, frame) => address(frame)}
        imageOf={async (_, frame) => keep(await still(4 * frame))}
        getImage={async (file) => URL.createObjectURL(await fetched(file))}
      />
    </>
  );
}

picture.value = await still(0);
const place = document.getElementById("panel");
if (place !== null) render(<Page />, place);
