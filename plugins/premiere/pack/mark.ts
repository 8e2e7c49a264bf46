/** The plugin's mark, drawn: three frames of film, the one between two given ones being made. */
import { crc32, deflateSync } from "node:zlib";

type Colour = readonly [number, number, number];

const INK: Readonly<Record<"dark" | "light", Colour>> = { dark: [232, 230, 225], light: [29, 30, 32] };
const MADE: Colour = [232, 178, 76];
/** Samples a side of each pixel, for soft edges. */
const FINE = 4;

/** A PNG of the mark, RGBA, `side` pixels a side. */
export function drawMark(side: number, tone: "dark" | "light"): Buffer {
  const rows = Array.from({ length: side }, (_, y) => {
    const row = Buffer.alloc(1 + side * 4); // the filter's byte, then the pixels
    for (let x = 0; x < side; x += 1) row.set(pixel(x / side, y / side, 1 / side, INK[tone]), 1 + x * 4);
    return row;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA, the one compression, filter and order there is
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function pixel(x: number, y: number, size: number, ink: Colour): readonly number[] {
  let [made, given] = [0, 0];
  for (let index = 0; index < FINE * FINE; index += 1) {
    const u = x + (size * ((index % FINE) + 0.5)) / FINE;
    const v = y + (size * (Math.floor(index / FINE) + 0.5)) / FINE;
    if (inside(u, v, 0.38, 0.62, 0.18, 0.82)) made += 1;
    else if (inside(u, v, 0.06, 0.31, 0.28, 0.72) || inside(u, v, 0.69, 0.94, 0.28, 0.72)) given += 1;
  }
  const colour = made >= given ? MADE : ink;
  return [...colour, Math.round((255 * (made + given)) / (FINE * FINE))];
}

function inside(u: number, v: number, left: number, right: number, top: number, bottom: number): boolean {
  return u >= left && u < right && v >= top && v < bottom;
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
