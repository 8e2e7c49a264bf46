import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";

import { frameOf, pinned, repinned, spaced } from "../../../src/paint/keyframes";
import { FileSchema } from "../../../src/proto/secondunit/v1/units_pb";

function image(path: string) {
  return create(FileSchema, { source: { case: "path", value: path } });
}

describe("keyframes", () => {
  it("are picked from a strip that has both ends", () => {
    expect(spaced({ start: 10, frames: 31 }, 4)).toEqual([10, 20, 30, 40]);
    expect(spaced({ start: 10, frames: 2 }, 6)).toEqual([10, 11]);
    expect(spaced({ start: 7, frames: 1 }, 6)).toEqual([7]);
  });

  it("at an end stay there when the shot gets another length", () => {
    const [first, last] = pinned(pinned([], image("/a"), 23, 1, 24), image("/b"), 0, 1, 24);
    expect([first?.at.case, last?.at.case]).toEqual(["first", "last"]);
    expect(last === undefined ? 0 : frameOf(last, 48)).toBe(47);
  });

  it("stand in the order of their frames, and take the place of what was there", () => {
    let pins = pinned([], image("/a"), 12, 1, 24);
    pins = pinned(pins, image("/b"), 5, 0.5, 24);
    pins = pinned(pins, image("/c"), 12, 1, 24);
    expect(pins.map((one) => [one.image?.source.value, frameOf(one, 24)])).toEqual([["/b", 5], ["/c", 12]]);
    expect(pins[0]?.strength).toBe(0.5);
  });

  it("go elsewhere and get weaker, inside the shot", () => {
    const pins = pinned([], image("/a"), 12, 1, 24);
    expect(repinned(pins, 0, { frame: 99 }, 24)[0]?.at.case).toBe("last");
    expect(repinned(pins, 0, { strength: 0.25 }, 24)[0]).toMatchObject({ strength: 0.25 });
  });
});
