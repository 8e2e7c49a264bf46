import { describe, expect, it } from "vitest";

import { requestOf, withLength } from "../../../src/model/request";
import { importOf, sentenceOf, targetOf } from "../../../src/model/sentence";
import { range, sitesOf } from "../../../src/model/site";
import { PlaceMode, ShotRequestSchema } from "../../../src/proto/secondunit/v1/shots_pb";
import { Edge, Operation } from "../../../src/proto/secondunit/v1/units_pb";
import { create } from "@bufbuild/protobuf";
import { item, scene } from "./scenes";

const first = <T>(all: readonly T[]): T => {
  const [one] = all;
  if (one === undefined) throw new Error("there is none");
  return one;
};

describe("the places of a context", () => {
  it("a playhead in a gap asks for a bridge of the whole gap", () => {
    const context = scene([item("A", 0, 24), item("B", 48, 24)], { playhead: 30 });
    const site = first(sitesOf(context));
    expect(site.operation).toBe(Operation.BRIDGE);
    expect(site.record).toEqual(range(24, 24));
    expect([site.before?.name, site.after?.name]).toEqual(["A", "B"]);
    expect(sentenceOf(site, context)).toBe("Bridge 24 frames between A and B on V1, 23.976");
  });

  it("marks that reach into both clips are bridged anew, and the clips are cut there", () => {
    const context = scene([item("A", 0, 48), item("B", 48, 48)], { marks: range(40, 16), playhead: 0 });
    const site = first(sitesOf(context));
    expect(site.operation).toBe(Operation.BRIDGE);
    expect(site.record).toEqual(range(40, 16));
    expect(site.before?.source).toEqual(range(100, 40));
    expect(site.after?.source).toEqual(range(108, 40));
  });

  it("a playhead on a cut asks for a transition with the cut in its middle", () => {
    const context = scene([item("A", 0, 48), item("B", 48, 6)], { playhead: 48 });
    const site = first(sitesOf(context));
    expect(site.operation).toBe(Operation.TRANSITION);
    expect(site.record).toEqual(range(42, 12)); // B has six frames and no more
  });

  it("a selected clip can be extended into the free frames after it, and into those before it", () => {
    const context = scene([item("A", 30, 24, { selected: true }), item("B", 64, 24)]);
    const sites = sitesOf(context).filter(({ operation }) => operation === Operation.EXTEND);
    expect(sites.map(({ edge, record }) => [edge, record])).toEqual([
      [Edge.TAIL, range(54, 10)],
      [Edge.HEAD, range(6, 24)],
    ]);
  });

  it("a longer extension at the head begins earlier and ends at the clip", () => {
    const context = scene([item("A", 50, 24, { selected: true })]);
    const head = sitesOf(context).find(({ edge }) => edge === Edge.HEAD);
    if (head === undefined) throw new Error("there is no head");
    expect(withLength(head, 40).record).toEqual(range(10, 40));
  });

  it("a still is animated for as long as it stands", () => {
    const context = scene([item("S", 10, 50, { path: "/footage/still.PNG", selected: true })]);
    const site = first(sitesOf(context));
    expect([site.operation, site.record]).toEqual([Operation.ANIMATE, range(10, 50)]);
  });

  it("marks inside a clip replace that range, from the frame of the file that is shown there", () => {
    const context = scene([item("A", 0, 100, { speed: 0.5, source: range(200, 50) })], {
      marks: range(40, 20), playhead: 45,
    });
    const site = sitesOf(context).find(({ operation }) => operation === Operation.REPLACE);
    expect(site?.record).toEqual(range(40, 20));
    expect(site?.clip?.source).toEqual(range(220, 30));
    expect(site?.clip?.speed).toBe(0.5);
  });

  it("a clip without a file, or switched off, is no neighbour", () => {
    const title = item("T", 24, 24, { path: "" });
    const off = item("O", 24, 10, { disabled: true });
    const context = scene([item("A", 0, 24), title, off, item("B", 48, 24)], { playhead: 30 });
    expect(first(sitesOf(context)).operation).toBe(Operation.BRIDGE);
  });

  it("an empty timeline asks for nothing", () => {
    expect(sitesOf(scene([]))).toEqual([]);
  });
});

describe("where a clip goes", () => {
  const gap = scene([item("A", 0, 24), item("B", 48, 24)], { playhead: 30 });
  const site = first(sitesOf(gap));

  it("a bridge fills its gap and says so", () => {
    expect(importOf(site, PlaceMode.UNSPECIFIED, gap)).toBe(
      "Puts 24 frames at 01:00:01:00 on V1, in the empty place. Nothing else is moved or covered.",
    );
  });

  it("a locked track is left alone, and the reason is said", () => {
    const locked = { ...gap, tracks: gap.tracks.map((track) => ({ ...track, locked: track.index === 0 })) };
    expect(importOf(site, PlaceMode.UNSPECIFIED, locked)).toContain("on V2. Nothing else is moved or covered. V1 is locked.");
  });

  it("a track where something stands is passed over for a new one", () => {
    const full = scene([...gap.items, item("X", 40, 10, { track: 1 })], { playhead: 30 });
    expect(targetOf(site, PlaceMode.OVER, full)).toEqual({ track: 2, name: "Second Unit", fresh: true });
  });
});

describe("the request", () => {
  it("has the place, the clips and what was set; an old place is written over", () => {
    const context = scene([item("A.mov", 0, 24), item("B", 48, 24)], { playhead: 30 });
    const old = create(ShotRequestSchema, { seed: 7n, prompt: "dusk", speed: 2, record: range(1, 1) });
    const request = requestOf(old, first(sitesOf(context)), context);
    expect(request).toMatchObject({ name: "A", seed: 7n, prompt: "dusk", timelineStart: "01:00:00:00" });
    expect(request.record).toEqual(range(24, 24));
    expect(request.speed).toBeUndefined(); // a bridge has none
  });
});
