/** How the picture lies on the screen: zoom and place, and the way between both. */
import type { XY } from "./camera";

export interface Look {
  /** 1: the picture fills the stage. */
  readonly zoom: number;
  /** The place of the picture, 0..1, in the middle of the stage. */
  readonly x: number;
  readonly y: number;
}

/** Of the stage, in pixels of the page. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

export const WHOLE_LOOK: Look = { zoom: 1, x: 0.5, y: 0.5 };
/** With room around the picture for a camera's box that goes beyond it. */
export const WIDE_LOOK: Look = { zoom: 0.75, x: 0.5, y: 0.5 };
const LEAST = 0.5;
const MOST = 24;

export function toStage({ x, y }: XY, look: Look, { width, height }: Extent): XY {
  return {
    x: (x - look.x) * width * look.zoom + width / 2,
    y: (y - look.y) * height * look.zoom + height / 2,
  };
}

export function toPicture({ x, y }: XY, look: Look, { width, height }: Extent): XY {
  return {
    x: (x - width / 2) / (width * look.zoom) + look.x,
    y: (y - height / 2) / (height * look.zoom) + look.y,
  };
}

/** The look after zooming by a factor about a place of the stage, which stays where it is. */
export function zoomed(look: Look, factor: number, about: XY, extent: Extent): Look {
  const zoom = Math.min(MOST, Math.max(LEAST, look.zoom * factor));
  const place = toPicture(about, look, extent);
  const there = toPicture(about, { ...look, zoom }, extent);
  return held({ zoom, x: look.x + place.x - there.x, y: look.y + place.y - there.y });
}

/** The look after the picture was pushed by pixels of the stage. */
export function pushed(look: Look, by: XY, { width, height }: Extent): Look {
  return held({
    zoom: look.zoom,
    x: look.x - by.x / (width * look.zoom),
    y: look.y - by.y / (height * look.zoom),
  });
}

/** Some of the picture is always seen. */
function held({ zoom, x, y }: Look): Look {
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  return { zoom, x: within(x), y: within(y) };
}
