/** The tools' signs, drawn in the colour of the words beside them. */
import type { Tool } from "./painting";

type Sign = Tool | "undo" | "redo" | "play" | "pause" | "bin" | "pin";

const PATHS: Readonly<Record<Sign, string>> = {
  brush: "M13.2 2.3a1.5 1.5 0 0 1 .5 2L9 10.4 6.2 8l5-5.5a1.5 1.5 0 0 1 2-.2zM5.4 8.9 8 11.2c0 1.9-1.7 2.9-5.6 2.6 1-.8 1-1.6 1-2.6 0-1.4.8-2.2 2-2.3z",
  erase: "m9.2 2.6 4.2 4.2a1 1 0 0 1 0 1.4L8.5 13H5.4l-2.8-2.8a1 1 0 0 1 0-1.4l5.2-6.2a1 1 0 0 1 1.4 0zM5.3 7.9l3.4 3.4M8.5 13H14",
  polygon: "m3 5.5 6-3 4.5 5-3 6-7-1.500zM3 5.5h0M9 2.500h0",
  stroke: "M2.500 12.500c2-7 5-8 6.500-5.500s2.500 1.500 4-2.500M10.300 4.700l2.900-.6.5 2.900",
  ambient: "M2 5.500c2-2 4-2 6 0s4 2 6 0M2 10.500c2-2 4-2 6 0s4 2 6 0",
  camera: "M2 5V2.500h3M11 2.500h3V5M14 11v2.500h-3M5 13.500H2V11M5.500 6h5v4h-5z",
  hand: "M5 8.500V4.300a1 1 0 0 1 2 0V7V3.100a1 1 0 0 1 2 0V7 3.900a1 1 0 0 1 2 0V8 5.900a1 1 0 0 1 2 0V10c0 2.500-1.500 4-4 4-2 0-3-.8-4-2.500L3 9a1 1 0 0 1 1.700-1z",
  undo: "M6 3 3 6l3 3M3 6h6.500a3.500 3.500 0 0 1 0 7H6",
  redo: "m10 3 3 3-3 3M13 6H6.500a3.500 3.500 0 0 0 0 7H10",
  play: "M5 3v10l8-5z",
  pause: "M5 3v10M11 3v10",
  bin: "M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.6 9h5.800l.6-9",
  pin: "M6 2.500h4l-.5 4 2 2v1h-7v-1l2-2zM8 9.500v4",
};

export function Icon({ sign }: { readonly sign: Sign }) {
  return (
    <svg class="paint-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[sign]} />
    </svg>
  );
}
