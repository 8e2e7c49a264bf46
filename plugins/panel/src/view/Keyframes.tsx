/** Frames of the footage around the shot, pinned at frames of it. */
import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { store } from "../link/store";
import { faultsAt } from "../model/asking";
import type { Panel } from "../model/panel";
import { pathOf } from "../model/request";
import type { Site } from "../model/site";
import type { Footage } from "../paint/keyframes";
import { KeyframeStrip } from "../paint/KeyframeStrip";
import type { Clip } from "../proto/secondunit/v1/shots_pb";
import { Operation } from "../proto/secondunit/v1/units_pb";

/** The longest side that the server gives. */
const WHOLE = 4096;

export function Keyframes({ panel, site }: { readonly panel: Panel; readonly site: Site }) {
  const { asking, session, pictures } = panel;
  const kept = useMemo(() => store(session), [session]);
  const keyframes = useComputed(() => asking.settings.value.keyframes);
  if (site.operation === Operation.RETIME) return null;
  const footage = [site.before, site.clip, site.still, site.after].flatMap(footageOf);
  const faults = faultsAt(asking.outlook.value?.plan.faults ?? [], "keyframes");
  const count = keyframes.value.length;
  const size = asking.context.value?.size;
  const draw = async (path: string, frame: number): Promise<Blob> => {
    const { blob } = await pictures.get(path, frame, WHOLE);
    return scaled(blob, size);
  };
  return (
    <details class="group">
      <summary>{count === 0 ? "Keyframes" : `Keyframes, ${count} pinned`}</summary>
      <KeyframeStrip
        footage={footage} frames={site.record.frames} keyframes={keyframes}
        edit={(next) => {
          asking.edit({ keyframes: next });
          if (next.length > 0) asking.held.value ??= asking.context.peek();
        }}
        getPicture={async (path, frame, longest) => (await pictures.get(path, frame, longest)).address}
        imageOf={async (path, frame) => kept.put(await draw(path, frame))}
        getImage={async (image) =>
          image.source.case === "path"
            ? (await pictures.get(image.source.value, 0)).address
            : URL.createObjectURL(await kept.get(image))
        }
      />
      {faults.length > 0 && <p class="fault says" role="alert">{faults.map(({ what }) => `${what}.`).join(" ")}</p>}
    </details>
  );
}

function footageOf(clip: Clip | undefined): readonly Footage[] {
  const path = pathOf(clip?.media);
  if (clip?.source === undefined || path === "") return [];
  return [{ name: clip.name, path, start: clip.source.start, frames: Math.max(1, clip.source.frames) }];
}

/** A picture at the shot's size, without loss beyond that of the picture itself. */
async function scaled(
  picture: Blob,
  size: { readonly width: number; readonly height: number } | undefined,
): Promise<Blob> {
  const bitmap = await createImageBitmap(picture);
  const canvas = document.createElement("canvas");
  canvas.width = size?.width ?? bitmap.width;
  canvas.height = size?.height ?? bitmap.height;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser draws no pictures.");
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (made === null) throw new Error("The browser made no picture of the frame.");
  return made;
}
