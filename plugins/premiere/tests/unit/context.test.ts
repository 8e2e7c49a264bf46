/** What the editor is looking at, as the panel is told. */
import { expect, test } from "vitest";

import { getContext } from "../../src/verbs/context";
import { FakePremiere, FILM, PAL } from "../fake/premiere";
import { clip } from "../fake/sequence";
import { SECOND } from "../fake/state";

const frames = (count: number): bigint => BigInt(count) * PAL;

/** A014, a gap of 24 frames, A015; on V2 a title. */
function bridge(): FakePremiere {
  const fake = new FakePremiere();
  const [before, after] = ["A014", "A015"].map((name) =>
    fake.footage(`/footage/${name}.mov`, { frames: 200, ticksPerFrame: PAL, rate: 25 }),
  );
  const [video] = fake.state.video;
  video?.items.push(
    clip(before ?? "", frames(0), frames(100), { in: frames(12), selected: true }),
    clip(after ?? "", frames(124), frames(200)),
  );
  return fake;
}

test("the gap's neighbours are told with their files, their frames and the rate", async () => {
  const fake = bridge();
  fake.state.playhead = frames(110);
  fake.state.in = frames(100);
  fake.state.out = frames(124);
  const context = await getContext(fake.premiere, { around: 0 });
  expect(context).toMatchObject({
    project: "Film.prproj",
    timeline: "Reel 1",
    timelineId: "seq-1",
    rate: { num: 25, den: 1 },
    size: { width: 1920, height: 1080 },
    startTimecode: "00:00:00:00",
    frames: 200,
    marks: { start: 100, frames: 24 },
    playhead: 110,
    notices: [],
  });
  expect(context.items).toMatchObject([
    { name: "item-1 on the timeline", track: 0, record: { start: 0, frames: 100 }, source: { start: 12, frames: 100 }, path: "/footage/A014.mov", selected: true },
    { track: 0, record: { start: 124, frames: 76 }, path: "/footage/A015.mov", selected: false, rate: { num: 25, den: 1 } },
  ]);
  expect(context.tracks.map(({ name, enabled }) => [name, enabled])).toEqual([["Video 1", true], ["Video 2", true]]);
});

test("marks that are not set are none, and neither are marks around everything", async () => {
  const fake = bridge();
  expect((await getContext(fake.premiere, { around: 0 })).marks).toBeUndefined();
  fake.state.in = 0n;
  fake.state.out = frames(200);
  expect((await getContext(fake.premiere, { around: 0 })).marks).toBeUndefined();
});

test("of a long track only what is near is told, and its neighbours on either side", async () => {
  const fake = new FakePremiere();
  const source = fake.footage("/footage/long.mov", { frames: 9, ticksPerFrame: PAL, rate: 25 });
  const items = Array.from({ length: 1000 }, (_, index) => clip(source, frames(index * 10), frames(index * 10 + 9)));
  fake.state.video[0]?.items.push(...items);
  fake.state.playhead = frames(5000);
  const context = await getContext(fake.premiere, { around: 20 });
  expect(context.items.map(({ record }) => record?.start)).toEqual([4970, 4980, 4990, 5000, 5010, 5020, 5030]);
});

test("a drop-frame sequence that starts at an hour says so", async () => {
  const quirks = { newTracks: true, changePath: true, display: 102 };
  const fake = new FakePremiere(8_475_667_200n, quirks, 107_892n * 8_475_667_200n);
  const context = await getContext(fake.premiere, { around: 0 });
  expect(context.startTimecode).toBe("01:00:00;00");
  expect(context.rate).toMatchObject({ num: 30000, den: 1001 });
});

test("a display of time that is not known is told in words", async () => {
  const fake = new FakePremiere(FILM, { newTracks: true, changePath: true, display: 7 });
  expect((await getContext(fake.premiere, { around: 0 })).notices).toHaveLength(1);
});

test("markers that ask for a shot are told, others are the editor's own affair", async () => {
  const fake = bridge();
  const mark = { type: "Comment", start: frames(100), duration: frames(24) };
  fake.state.markers.push({ ...mark, name: "x", comments: "gen: bridge" }, { ...mark, name: "lunch", comments: "at one" });
  const { markers } = await getContext(fake.premiere, { around: 0 });
  expect(markers).toMatchObject([{ name: "x", note: "gen: bridge", record: { start: 100, frames: 24 } }]);
});

test("with no sequence open it is said what to do", async () => {
  const fake = new FakePremiere();
  fake.sequence = undefined;
  await expect(getContext(fake.premiere, { around: 0 })).rejects.toMatchObject({ code: "NO_TIMELINE", retryable: true });
});

test("a mark a year before all, as Premiere writes it, is no number that breaks anything", async () => {
  const fake = bridge();
  fake.state.in = -400_000n * SECOND;
  fake.state.out = frames(50);
  expect((await getContext(fake.premiere, { around: 0 })).marks).toMatchObject({ start: 0, frames: 50 });
});
