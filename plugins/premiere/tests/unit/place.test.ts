/** Takes onto the timeline and away again, on a Premiere with all its quirks. */
import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";

import { PlacementSchema } from "../../../panel/src/proto/secondunit/v1/deliveries_pb";
import { PlaceTakesSchema, RemovePlacedSchema, SwitchTakeSchema } from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { placeTakes } from "../../src/verbs/place";
import { removePlaced } from "../../src/verbs/remove";
import { switchTake } from "../../src/verbs/take";
import { FakePremiere, PAL, type Footage } from "../fake/premiere";
import { clip } from "../fake/sequence";

const frames = (count: number): bigint => BigInt(count) * PAL;
const TAKE = "/takes/cut_bridge_v001.mov";
const OTHER = "/takes/cut_bridge_v002.mov";
/** 24 frames that are shown, 12 of handle on either side; its clock begins at an hour. */
const MADE: Footage = { frames: 48, ticksPerFrame: PAL, rate: 25, first: 90_000 };

let fake: FakePremiere;
let before = "";

beforeEach(() => {
  fake = new FakePremiere();
  before = fake.footage("/footage/A014.mov", { frames: 200, ticksPerFrame: PAL, rate: 25 });
  fake.state.video[0]?.items.push(clip(before, 0n, frames(100)), clip(before, frames(124), frames(200)));
  fake.state.audio[0]?.items.push(clip(before, 0n, frames(200)));
  fake.disk.set(TAKE, MADE);
  fake.disk.set(OTHER, MADE);
});

const bridge = {
  shotId: "s1",
  track: 0,
  record: { start: 100, frames: 24 },
  source: { start: 12, frames: 24 },
  file: TAKE,
  name: "cut_bridge_v001.mov",
  marker: "gen: bridge\nid: s1",
  take: { rate: { num: 25, den: 1 } },
};

function place(...given: Partial<Omit<typeof bridge, "take"> & { nestedIn: string }>[]) {
  const placements = given.map((one) => create(PlacementSchema, { ...bridge, ...one }));
  return placeTakes(fake.premiere, create(PlaceTakesSchema, { placements, timelineId: "seq-1", label: "Second Unit: Bridge" }));
}

/** What stands on a track: file, first and last frame, first frame of the file. */
function standing(track: number) {
  const name = (id: string): string => fake.state.sources.find((one) => one.id === id)?.path ?? "";
  return fake.state.video[track]?.items.map((one) => [name(one.source), Number(one.start / PAL), Number(one.end / PAL), Number(one.in / PAL)]);
}

const cut = [["/footage/A014.mov", 0, 100, 0], ["/footage/A014.mov", 124, 200, 0]];

test("a take fills the gap, trimmed to what is shown, and its handles stay in the file", async () => {
  const { placed, undo } = await place({});
  expect(placed).toMatchObject([{ shotId: "s1", track: 0, record: { start: 100, frames: 24 }, note: "", verified: true }]);
  expect(standing(0)).toEqual([cut[0], [TAKE, 100, 124, 12], cut[1]]);
  expect(fake.state.bins.map(({ name }) => name)).toEqual(["Second Unit"]);
  expect(fake.state.markers).toMatchObject([{ comments: "gen: bridge\nid: s1", start: frames(100), duration: frames(24) }]);
  expect(undo).toContain('Undo "Second Unit: Bridge"');
});

test("one undo takes back everything that was placed", async () => {
  await place({}, { shotId: "s2", file: OTHER, name: "two", marker: "gen: x\nid: s2", track: 1 });
  expect(fake.lock.labels.filter((label) => label === "Second Unit: Bridge")).toHaveLength(1);
  expect(fake.lock.labels.at(-1)).toBe("Second Unit: Bridge");
  fake.lock.undo();
  expect(standing(0)).toEqual(cut);
  expect(standing(1)).toEqual([]);
  expect(fake.state.markers).toEqual([]);
  expect(fake.state.properties).toEqual({});
});

test("nothing of the editor's is covered: a place that is taken is left, and the next free track is said", async () => {
  const { placed } = await place({ record: { start: 90, frames: 24 } });
  expect(placed[0]).toMatchObject({ track: 1, verified: true, note: "Placed on V2: V1 is not free there." });
  expect(standing(0)).toEqual(cut);
  expect(standing(1)).toEqual([[TAKE, 90, 114, 12]]);
});

test("a transition that reaches into the place keeps it", async () => {
  fake.state.video[0]?.items.splice(1, 0, clip(before, frames(98), frames(102), { kind: "transition" }));
  expect((await place({})).placed[0]).toMatchObject({ track: 1 });
});

test("with every track taken a new one is made, and where Premiere makes none it is said what to do", async () => {
  fake.state.video[1]?.items.push(clip(before, 0n, frames(200)));
  const { placed } = await place({ record: { start: 50, frames: 24 } });
  expect(placed[0]).toMatchObject({ track: 2, verified: true });
  expect(fake.state.video).toHaveLength(3);

  fake = new FakePremiere(PAL, { newTracks: false, changePath: true, display: 101 });
  const source = fake.footage("/footage/A014.mov", MADE);
  for (const track of fake.state.video) track.items.push(clip(source, 0n, frames(200)));
  fake.disk.set(TAKE, MADE);
  const refused = await place({ record: { start: 50, frames: 24 } });
  expect(refused.placed[0]).toMatchObject({ itemId: "", verified: false, note: expect.stringContaining("Add a video track above V2") as string });
  expect(refused.undo).toBe("");
});

test("two takes for one place in one step do not cover each other", async () => {
  const { placed } = await place({}, { shotId: "s2", file: OTHER });
  expect(placed.map(({ track }) => track)).toEqual([0, 1]);
  expect(standing(0)).toHaveLength(3);
});

test("a take's sound goes where no sound is", async () => {
  fake.disk.set(TAKE, { ...MADE, sound: true });
  await place({});
  expect(fake.state.audio.map(({ items }) => items.map(({ start, end }) => [start / PAL, end / PAL]))).toEqual([
    [[0n, 200n]],
    [[100n, 124n]],
  ]);
});

test("a locked track, which Premiere does not tell, is noticed by looking", async () => {
  const [track] = fake.state.video;
  if (track) track.locked = true;
  const { placed, undo } = await place({});
  expect(placed[0]).toMatchObject({ itemId: "", verified: false, note: expect.stringContaining("locked") as string });
  expect(undo).toBe("");
  expect(fake.state.markers).toEqual([]);
  expect(fake.state.properties["secondunit.placed"]).toBe("{}");
});

test("what cannot be placed is said, and what can is placed all the same", async () => {
  const { placed } = await place(
    { shotId: "lost", file: "/takes/lost.mov" },
    { shotId: "nested", nestedIn: "tracks[0].children[2]" },
    { shotId: "short", source: { start: 0, frames: 20 } },
    {},
  );
  expect(placed.map(({ shotId, itemId, note }) => [shotId, itemId !== "", note])).toEqual([
    ["lost", false, "There is no file /takes/lost.mov."],
    ["nested", false, "It belongs into a nested sequence; open that sequence and place it there."],
    ["short", false, "Its place is 24 frames long, and 20 of the take are to be shown."],
    ["s1", true, ""],
  ]);
});

test("another sequence in the meantime is not written to", async () => {
  const ask = create(PlaceTakesSchema, { placements: [create(PlacementSchema, bridge)], timelineId: "seq-2" });
  await expect(placeTakes(fake.premiere, ask)).rejects.toMatchObject({ code: "CHANGED" });
  expect(fake.lock.labels).toEqual([]);
  expect(fake.imports).toEqual([]);
});

test("a file that is in our bin already is not imported again, and is placed with the frames of now", async () => {
  await place({});
  await place({ record: { start: 300, frames: 30 }, source: { start: 3, frames: 30 } });
  expect(fake.imports).toEqual([[TAKE]]);
  expect(standing(0)?.at(-1)).toEqual([TAKE, 300, 330, 3]);
});

test("what was placed is removed with its marker, and nothing else; undo brings it back", async () => {
  await place({}, { shotId: "s2", file: OTHER, marker: "gen: x\nid: s2", track: 1 });
  const ask = create(RemovePlacedSchema, { shotIds: ["s1"], timelineId: "seq-1" });
  expect(await removePlaced(fake.premiere, ask)).toMatchObject({ shotIds: ["s1"], notices: [] });
  expect(standing(0)).toEqual(cut);
  expect(standing(1)).toHaveLength(1);
  expect(fake.state.markers.map(({ comments }) => comments)).toEqual(["gen: x\nid: s2"]);
  fake.lock.undo();
  expect(standing(0)).toHaveLength(3);
  expect(await removePlaced(fake.premiere, ask)).toMatchObject({ shotIds: ["s1"] });
});

test("a clip of ours that was moved is found; one that was copied is left, with a word", async () => {
  await place({});
  const ours = fake.state.video[0]?.items.find(({ start }) => start === frames(100));
  if (ours) Object.assign(ours, { start: frames(300), end: frames(324) });
  const ask = create(RemovePlacedSchema, { shotIds: ["s1"], timelineId: "seq-1" });
  if (ours) fake.state.video[1]?.items.push({ ...ours, id: 99_999, start: frames(400), end: frames(424) });
  const left = await removePlaced(fake.premiere, ask);
  expect(left.shotIds).toEqual([]);
  expect(left.notices[0]).toContain("2 places");
  expect(fake.state.markers).toHaveLength(1);
  fake.state.video[1]?.items.splice(0);
  expect((await removePlaced(fake.premiere, ask)).shotIds).toEqual(["s1"]);
  expect(standing(0)).toEqual(cut);
});

test("what was never placed is not removed, whatever stands there", async () => {
  const ask = create(RemovePlacedSchema, { shotIds: ["s9"], timelineId: "seq-1" });
  const removed = await removePlaced(fake.premiere, ask);
  expect(removed.shotIds).toEqual([]);
  expect(removed.notices).toHaveLength(1);
  expect(fake.lock.labels).toEqual([]);
});

test("a ledger of another hand is not believed", async () => {
  fake.state.properties["secondunit.placed"] = '{"s1":[{"item":7},"x",{"item":"item-1","track":0.5,"start":0,"marker":""}],"s2":3}';
  const ask = create(RemovePlacedSchema, { shotIds: ["s1", "s2"], timelineId: "seq-1" });
  expect((await removePlaced(fake.premiere, ask)).shotIds).toEqual([]);
  expect(standing(0)).toEqual(cut);
});

test("another take is shown in the same clip, and the cut does not move", async () => {
  const { placed } = await place({});
  const itemId = placed[0]?.itemId ?? "";
  const switched = await switchTake(fake.premiere, create(SwitchTakeSchema, { itemId, take: 2, file: OTHER }));
  expect(switched.itemId).toBe(itemId);
  expect(standing(0)).toEqual([cut[0], [OTHER, 100, 124, 12], cut[1]]);
  expect(fake.state.video[0]?.items[1]?.name).toBe("cut_bridge_v002.mov");
  const ask = create(RemovePlacedSchema, { shotIds: ["s1"], timelineId: "seq-1" });
  expect((await removePlaced(fake.premiere, ask)).shotIds).toEqual(["s1"]);
});

test("where a clip's file cannot be changed, the take stands above and the clip beneath is off: one undo", async () => {
  fake = new FakePremiere(PAL, { newTracks: true, changePath: false, display: 101 });
  before = fake.footage("/footage/A014.mov", MADE);
  fake.state.video[0]?.items.push(clip(before, 0n, frames(100)));
  for (const path of [TAKE, OTHER]) fake.disk.set(path, MADE);
  const { placed } = await place({});
  const itemId = placed[0]?.itemId ?? "";
  const switched = await switchTake(fake.premiere, create(SwitchTakeSchema, { itemId, take: 2, file: OTHER }));
  expect(switched.itemId).not.toBe(itemId);
  expect(standing(1)).toEqual([[OTHER, 100, 124, 12]]);
  expect(fake.state.video[0]?.items.map(({ disabled }) => disabled)).toEqual([false, true]);
  fake.lock.undo();
  expect(standing(1)).toEqual([]);
  expect(fake.state.video[0]?.items.map(({ disabled }) => disabled)).toEqual([false, false]);
});

test("both clips of a shot whose take was switched above are removed", async () => {
  fake = new FakePremiere(PAL, { newTracks: true, changePath: false, display: 101 });
  for (const path of [TAKE, OTHER]) fake.disk.set(path, MADE);
  const { placed } = await place({});
  await switchTake(fake.premiere, create(SwitchTakeSchema, { itemId: placed[0]?.itemId ?? "", take: 2, file: OTHER }));
  const ask = create(RemovePlacedSchema, { shotIds: ["s1"], timelineId: "seq-1" });
  const removed = await removePlaced(fake.premiere, ask);
  expect(removed).toMatchObject({ shotIds: ["s1"], notices: [expect.stringContaining("is empty now") as string] });
  expect([standing(0), standing(1)]).toEqual([[], []]);
});

test("a clip that is gone, and a file that is gone, are said before anything is done", async () => {
  const gone = create(SwitchTakeSchema, { itemId: "item-77@0@100", take: 2, file: OTHER });
  await expect(switchTake(fake.premiere, gone)).rejects.toMatchObject({ code: "CHANGED" });
  const { placed } = await place({});
  const lost = create(SwitchTakeSchema, { itemId: placed[0]?.itemId ?? "", take: 2, file: "/takes/lost.mov" });
  await expect(switchTake(fake.premiere, lost)).rejects.toMatchObject({ code: "HOST" });
});
