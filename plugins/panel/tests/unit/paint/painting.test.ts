import { create } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { keyOf, lacks, STILL_MOVE, type Controls } from "../../../src/paint/drawing";
import { painting, type Painting } from "../../../src/paint/painting";
import { fill, raster } from "../../../src/paint/raster";
import { AmbientSchema, MaskSchema } from "../../../src/proto/secondunit/v1/shots_pb";
import { FileSchema, type File } from "../../../src/proto/secondunit/v1/units_pb";

const NONE: Controls = { mask: undefined, strokes: [], ambients: [], cameras: [] };
const LONG = 5000;
const truly = setTimeout;

function named(path: string): File {
  return create(FileSchema, { source: { case: "path", value: path } });
}

/** A place that keeps pictures, and can be away. */
function shelf() {
  const kept: Blob[] = [];
  const state = { away: false };
  const read: string[] = [];
  return {
    kept, state, read,
    put: (picture: Blob) => {
      if (state.away) return Promise.reject(new Error("The server does not answer."));
      kept.push(picture);
      return Promise.resolve(named(`/kept/${kept.length}`));
    },
    get: (file: File) => {
      if (state.away) return Promise.reject(new Error("The server does not answer."));
      read.push(file.source.case === "path" ? file.source.value : "");
      return Promise.resolve(new Blob());
    },
  };
}

function made(given: Controls = NONE) {
  const store = shelf();
  const controls = signal(given);
  const work = painting({
    size: signal({ width: 160, height: 90 }), frames: signal(24), controls, store,
    edit: (drawn) => (controls.value = drawn),
    read: (_, width, height) => {
      const mask = raster(width, height);
      fill(mask, 255);
      return Promise.resolve(mask);
    },
  });
  return { store, controls, work, stop: work.start() };
}

function paint(work: Painting, x = 0.5, y = 0.5): void {
  work.press({ x, y }, 1, undefined, false);
  work.drag({ x: x + 0.1, y }, 1);
  work.lift();
}

async function settled(work: Painting, on: "kept" | "waiting" = "kept"): Promise<void> {
  // The PNG is squeezed by the platform, whose turns no fake clock counts.
  for (let tries = 0; tries < 1000 && work.standing.value !== on; tries += 1) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((wake) => truly(wake, 1));
  }
}

describe("a painting", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
  afterEach(() => void vi.useRealTimers());

  it("sends one mask for a whole stroke of the brush", async () => {
    const { work, controls, store } = made();
    await settled(work);
    paint(work);
    await settled(work);
    expect(store.kept).toHaveLength(1);
    expect(controls.value.mask?.file).toEqual(named("/kept/1"));
    expect(work.standing.value).toBe("kept");
  });

  it("goes back to nothing, and forth again", async () => {
    const { work, controls } = made();
    await settled(work);
    paint(work);
    await settled(work);
    work.undo();
    await settled(work);
    expect(controls.value.mask).toBeUndefined();
    work.redo();
    await settled(work);
    expect(controls.value.mask?.file).toBeDefined();
  });

  it("keeps what was painted while the server is away", async () => {
    const { work, controls, store } = made();
    await settled(work);
    store.state.away = true;
    paint(work);
    await settled(work, "waiting");
    expect(work.trouble.value).toContain("does not answer");
    expect(controls.value.mask).toBeUndefined();
    store.state.away = false;
    await settled(work);
    expect(controls.value.mask?.file).toBeDefined();
    expect(work.trouble.value).toBe("");
  });

  it("makes a stroke of a way, with what lies under the brush where it begins", async () => {
    const { work, controls } = made();
    await settled(work);
    work.sketched.value = [{ x: 0.2, y: 0.5, time: 0 }, { x: 0.7, y: 0.5, time: 100 }];
    work.go();
    await settled(work);
    const [stroke] = controls.value.strokes;
    expect(stroke?.points.map(({ x, y }) => [x, y])).toEqual([[0.2, 0.5], [0.7, 0.5]]);
    expect(stroke?.region?.file).toBeDefined();
    const region = work.drawing.value.layers[0]?.region;
    expect(region?.data[45 * 160 + 32]).toBe(255);
    expect(region?.data[45 * 160 + 112]).toBe(0);
  });

  it("makes nothing of a tap", async () => {
    const { work } = made();
    await settled(work);
    work.sketched.value = [{ x: 0.2, y: 0.5, time: 0 }, { x: 0.201, y: 0.5, time: 30 }];
    work.go();
    expect(work.drawing.value.layers).toEqual([]);
  });

  it("asks for no stroke that lacks its way, and says what it lacks", async () => {
    const { work, controls } = made();
    await settled(work);
    work.add("stroke");
    paint(work);
    await settled(work);
    expect(controls.value.strokes).toEqual([]);
    const [stroke] = work.drawing.value.layers;
    expect(stroke === undefined ? "" : lacks(work.drawing.value, stroke)).toBe("draw the way it goes (S)");
  });

  it("reads what the controls say, and does not send it back", async () => {
    const region = create(MaskSchema, { file: named("/masks/sea.png") });
    const { work, store } = made({ ...NONE, ambients: [create(AmbientSchema, { region, strength: 0.3 })] });
    await settled(work);
    expect(store.read).toEqual(["/masks/sea.png"]);
    expect(work.drawing.value.layers.map(({ kind, strength }) => [kind, strength])).toEqual([["ambient", 0.3]]);
    await vi.advanceTimersByTimeAsync(LONG);
    expect(store.kept).toEqual([]);
  });

  it("takes several small changes of a number as one step", async () => {
    const { work } = made();
    await settled(work);
    paint(work);
    work.film([{ ...STILL_MOVE, pan: 1 }], "pan");
    work.film([{ ...STILL_MOVE, pan: 2 }], "pan");
    work.film([{ ...STILL_MOVE, pan: 3 }], "pan");
    expect(work.drawing.value.cameras[0]?.pan).toBe(3);
    work.undo();
    expect(work.drawing.value.cameras).toEqual([]);
    expect(work.drawing.value.layers).toHaveLength(1);
  });

  it("leaves no trace of a brush that a second finger took away", async () => {
    const { work } = made();
    await settled(work);
    work.press({ x: 0.5, y: 0.5 }, 1, undefined, false);
    work.drag({ x: 0.6, y: 0.5 }, 1);
    work.cancel();
    expect(work.drawing.value.layers).toEqual([]);
    expect(work.can.value.undo).toBe(false);
  });

  it("asks for no camera that does not move", async () => {
    const { work, controls } = made();
    await settled(work);
    work.film([STILL_MOVE, { ...STILL_MOVE, tilt: 4 }], "");
    await settled(work);
    expect(controls.value.cameras.map(({ tilt }) => tilt)).toEqual([4]);
    expect(keyOf(controls.value)).toContain('"tilt":4');
  });

  it("outlives the view: stopped and started again, nothing is read anew", async () => {
    const { work, store, stop } = made();
    await settled(work);
    paint(work);
    await settled(work);
    stop();
    work.start();
    await settled(work);
    expect(store.read).toEqual([]);
    expect(work.can.value.undo).toBe(true);
  });
});
