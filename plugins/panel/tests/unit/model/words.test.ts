import { describe, expect, it } from "vitest";

import { faultsAt } from "../../../src/model/asking";
import { search, type Asked } from "../../../src/model/history";
import { presets } from "../../../src/model/presets";
import { bytesWords, rateWords, timecode, timeWords } from "../../../src/model/words";
import { ShotRequestSchema } from "../../../src/proto/secondunit/v1/shots_pb";
import { create } from "@bufbuild/protobuf";

const rate = (num: number, den: number) => ({ $typeName: "secondunit.v1.Rate", num, den }) as const;

describe("numbers as an editor says them", () => {
  it("timecode counts whole frames from the start of the timeline", () => {
    expect(timecode(36, rate(24000, 1001), "01:00:00:00")).toBe("01:00:01:12");
    expect(timecode(0, rate(25, 1), "10:00:00:00")).toBe("10:00:00:00");
  });

  it("drop-frame timecode leaves two numbers out each minute but the tenth", () => {
    const ntsc = rate(30000, 1001);
    expect(timecode(1799, ntsc, "00:00:00;00")).toBe("00:00:59;29");
    expect(timecode(1800, ntsc, "00:00:00;00")).toBe("00:01:00;02");
    expect(timecode(17982, ntsc, "00:00:00;00")).toBe("00:10:00;00");
    expect(timecode(0, ntsc, "01:00:00;00")).toBe("01:00:00;00");
  });

  it("rates, times and sizes are short", () => {
    expect(rateWords(rate(24000, 1001))).toBe("23.976");
    expect([timeWords(0.2), timeWords(61), timeWords(600), timeWords(7300)]).toEqual(["1 s", "61 s", "10 min", "2 h 2 min"]);
    expect(bytesWords(831101n)).toBe("831 kB");
  });
});

describe("faults", () => {
  it("stand beside the control that they name, and beside no other of a like name", () => {
    const faults = [
      { what: "a", path: "request.keyframes[0].image" },
      { what: "b", path: "request.seedling" },
      { what: "c", path: "options.engine" },
    ];
    expect(faultsAt(faults, "keyframes").map(({ what }) => what)).toEqual(["a"]);
    expect(faultsAt(faults, "seed")).toEqual([]);
    expect(faultsAt(faults, "engine").map(({ what }) => what)).toEqual(["c"]);
  });
});

describe("the history", () => {
  const line = (sentence: string, draft: boolean): Asked => ({
    id: sentence, when: 0, job: "", sentence, project: "Coast", timeline: "Reel 2", timelineId: "", track: 0,
    draft, number: 1, request: { prompt: "dusk over water" },
  });

  it("is found by all of the words, in what was asked and in what was set", () => {
    const all = [line("Bridge A and B", true), line("Extend C", false)];
    expect(search(all, "bridge DUSK")).toHaveLength(1);
    expect(search(all, "final")).toEqual([all[1]]);
    expect(search(all, "bridge final")).toEqual([]);
    expect(search(all, "  ")).toHaveLength(2);
  });
});

describe("presets", () => {
  const shelf = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };

  it("travel as a file from one panel to another, without the place and the clips", () => {
    const mine = presets(shelf());
    const settings = create(ShotRequestSchema, {
      handles: 12, delivery: "ffv1", seed: 4n, record: { start: 3, frames: 4 }, cameras: [{ pan: 6 }],
    });
    mine.keep("Slow pan", settings);
    const theirs = presets(shelf());
    expect(theirs.hear(mine.told())).toBe(1);
    const [heard] = theirs.all.value;
    expect(heard?.settings).toMatchObject({ handles: 12, delivery: "ffv1" });
    expect(heard?.settings.cameras[0]?.pan).toBe(6);
    expect(heard?.settings.record).toBeUndefined();
    expect(heard?.settings.seed).toBeUndefined();
  });

  it("a file of something else is refused, and what was kept stays", () => {
    const mine = presets(shelf());
    mine.keep("One", create(ShotRequestSchema));
    expect(() => mine.hear('{"kind":"other"}')).toThrow("no file of presets");
    expect(mine.all.value).toHaveLength(1);
  });
});
