/** Pictures and masks between files and pixels: the one place that needs the browser's decoders. */
import type { Still } from "./preview";
import { fromRgba, type Raster } from "./raster";

/** The pixels (`h w 4`) of a picture at a size. */
export async function pixelsOf(file: Blob, width: number, height: number): Promise<Still> {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas to draw on");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}

/** The mask of a picture file, at the shot's size. */
export async function maskFrom(file: Blob, width: number, height: number): Promise<Raster> {
  const { rgba } = await pixelsOf(file, width, height);
  return fromRgba(rgba, width, height);
}

/** Of a picture: the size at which the preview is drawn, no side longer than `longest`. */
export function previewSize(
  width: number,
  height: number,
  longest: number,
): { readonly width: number; readonly height: number } {
  const share = Math.min(1, longest / Math.max(width, height));
  return {
    width: Math.max(2, Math.round(width * share)),
    height: Math.max(2, Math.round(height * share)),
  };
}

/** A colour of the theme as the bytes that the browser draws for it. */
export function colourOf(element: Element, name: string): readonly [number, number, number] {
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return [255, 255, 255];
  context.fillStyle = getComputedStyle(element).getPropertyValue(name).trim() || "white";
  context.fillRect(0, 0, 1, 1);
  const [r = 0, g = 0, b = 0] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}
