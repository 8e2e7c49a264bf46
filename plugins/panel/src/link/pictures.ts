/** Frames of footage as pictures for the screen, the last few kept. */
import { create } from "@bufbuild/protobuf";

import { PictureService } from "../proto/secondunit/v1/pictures_pb";
import { FileSchema, type Rate, type Size } from "../proto/secondunit/v1/units_pb";
import type { Session } from "./session";

const KEPT = 96;

export interface Picture {
  /** A blob address, good as long as the picture is kept. */
  readonly address: string;
  readonly blob: Blob;
  /** Of the footage. */
  readonly size: Size | undefined;
  /** That the footage has. */
  readonly frames: number;
  readonly rate: Rate | undefined;
}

/** Asks for each picture once. */
export class Pictures {
  readonly #kept = new Map<string, Promise<Picture>>();

  constructor(private readonly session: Session) {}

  /** Frame `frame` of a file of the server's machine, its longest side `longest` pixels. */
  get(path: string, frame: number, longest = 640): Promise<Picture> {
    const key = `${longest}:${frame}:${path}`;
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key); // the newest stand last
      this.#kept.set(key, known);
      return known;
    }
    const asked = this.#ask(path, frame, longest);
    this.#kept.set(key, asked);
    asked.catch(() => this.#kept.delete(key));
    while (this.#kept.size > KEPT) this.#drop();
    return asked;
  }

  #drop(): void {
    const [oldest] = this.#kept;
    if (oldest === undefined) return;
    this.#kept.delete(oldest[0]);
    // A picture on the screen keeps its pixels when its address is let go.
    void oldest[1].then(({ address }) => URL.revokeObjectURL(address), () => undefined);
  }

  async #ask(path: string, frame: number, longest: number): Promise<Picture> {
    const media = create(FileSchema, { source: { case: "path", value: path } });
    const found = await this.session
      .client(PictureService)
      .getPicture({ media, frame, longestSide: longest });
    const blob = new Blob([found.jpeg as Uint8Array<ArrayBuffer>], { type: "image/jpeg" });
    const address = URL.createObjectURL(blob);
    return { address, blob, size: found.size, frames: found.frames, rate: found.rate };
  }
}
