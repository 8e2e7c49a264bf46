/** A mask as a PNG file: 8-bit grey, so that no colour management touches it (W3C PNG, 3rd ed.). */
import type { Raster } from "./raster";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = (c & 1) === 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** White may change. */
export async function png(mask: Raster): Promise<Blob> {
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, mask.width);
  view.setUint32(4, mask.height);
  head.set([8, 0, 0, 0, 0], 8); // 8 bits, grey, deflate, filters by row, not interlaced
  const rows = await deflated(filtered(mask));
  const parts = [chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", new Uint8Array())];
  return new Blob([Uint8Array.from(SIGNATURE), ...parts], { type: "image/png" });
}

/** Each row as its difference from the row above (filter 2), which is mostly nothing. */
function filtered({ width, height, data }: Raster): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const to = y * (width + 1);
    rows[to] = 2;
    for (let x = 0; x < width; x += 1) {
      const above = y === 0 ? 0 : (data[(y - 1) * width + x] ?? 0);
      rows[to + 1 + x] = (data[y * width + x] ?? 0) - above;
    }
  }
  return rows;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const squeezed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(squeezed).arrayBuffer());
}

function chunk(name: string, body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(body.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, body.length);
  made.set(Array.from(name, (letter) => letter.charCodeAt(0)), 4);
  made.set(body, 8);
  view.setUint32(body.length + 8, crc(made.subarray(4, body.length + 8)));
  return made;
}

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
