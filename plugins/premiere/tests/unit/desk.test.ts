/** What is asked of Premiere one by one, and how it presents itself. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";

import { HostAbility, HostRequestSchema } from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openDesk } from "../../src/desk";
import { hello } from "../../src/hello";
import { FakePremiere, PAL } from "../fake/premiere";

type Ask = NonNullable<MessageInitShape<typeof HostRequestSchema>["ask"]>;

async function ask(fake: FakePremiere, what: Ask) {
  const { id, answer } = await openDesk(fake.premiere)(create(HostRequestSchema, { id: "7", ask: what }));
  expect(id).toBe("7");
  return answer;
}

test("the picture at a frame is told by the name that Premiere gave it", async () => {
  const fake = new FakePremiere();
  const answer = await ask(fake, { case: "exportFrame", value: { frame: 12, path: "/stills/a.png" } });
  expect(answer).toMatchObject({ case: "exportedFrame", value: { path: "/stills/a.png.png", graded: true } });
});

test("the playhead is moved to the very frame", async () => {
  const fake = new FakePremiere();
  expect((await ask(fake, { case: "seek", value: { frame: 1001 } })).case).toBe("sought");
  expect(fake.state.playhead).toBe(1001n * PAL);
});

test("a marker keeps hidden text in its last lines, since Premiere hides none, and undo takes it", async () => {
  const fake = new FakePremiere();
  const marker = { record: { start: 10, frames: 5 }, name: "wish", note: "gen: bridge", custom: "id: s1" };
  expect((await ask(fake, { case: "addMarker", value: { marker } })).case).toBe("addedMarker");
  expect(fake.state.markers).toMatchObject([{ name: "wish", comments: "gen: bridge\nid: s1", start: 10n * PAL, duration: 5n * PAL }]);
  fake.lock.undo();
  expect(fake.state.markers).toEqual([]);
});

test("a take is shown in the Source Monitor without touching the timeline", async () => {
  const fake = new FakePremiere();
  fake.disk.set("/takes/a.mov", { frames: 1, ticksPerFrame: PAL, rate: 25 });
  expect((await ask(fake, { case: "audition", value: { path: "/takes/a.mov" } })).case).toBe("auditioned");
  expect(fake.shown).toEqual(["/takes/a.mov"]);
  expect(fake.lock.labels).toEqual([]);
  expect((await ask(fake, { case: "audition", value: { path: "/takes/b.mov" } })).case).toBe("fault");
});

test("the timeline is written where Premiere can, and where it cannot it is said what to do", async () => {
  const fake = new FakePremiere();
  const value = { path: "/out/cut.otio" };
  expect(await ask(fake, { case: "exportTimeline", value })).toMatchObject({ case: "exportedTimeline", value });
  expect(await ask(fake, { case: "exportTimeline", value: { path: "/out/cut.edl" } })).toMatchObject({ value: { code: "NOT_ABLE", remedy: "Ask for one of .otio." } });
  fake.otio = false;
  fake.version = "25.6.0";
  expect(await ask(fake, { case: "exportTimeline", value })).toMatchObject({ case: "fault", value: { code: "NOT_ABLE" } });
});

test("an older Premiere says what it lacks, with a remedy, and offers no button for it", () => {
  const fake = new FakePremiere();
  expect(hello(fake.premiere).abilities).toContain(HostAbility.EXPORT_TIMELINE);
  const limits = hello(fake.premiere).limits.length;
  fake.otio = false;
  fake.version = "25.6.0";
  const old = hello(fake.premiere);
  expect(old.abilities).not.toContain(HostAbility.EXPORT_TIMELINE);
  expect(old.abilities).toContain(HostAbility.PLACE);
  expect(old.limits).toHaveLength(limits + 1);
  expect(old).toMatchObject({ name: "Adobe Premiere", version: "25.6.0", protocol: 1 });
});

test("with nothing open every wish is answered with a fault, and the desk goes on", async () => {
  const fake = new FakePremiere();
  const { sequence } = fake;
  fake.sequence = undefined;
  const desk = openDesk(fake.premiere);
  const seek = create(HostRequestSchema, { ask: { case: "seek", value: { frame: 1 } } });
  expect((await desk(seek)).answer).toMatchObject({ case: "fault", value: { code: "NO_TIMELINE", retryable: true } });
  fake.sequence = sequence;
  expect((await desk(seek)).answer.case).toBe("sought");
  expect((await desk(create(HostRequestSchema))).answer).toMatchObject({ value: { code: "NOT_ABLE" } });
});

test("wishes are met one after the other, however long one takes", async () => {
  const fake = new FakePremiere();
  const slow = (): Promise<boolean> => new Promise((resolve) => setTimeout(() => resolve(true), 20));
  const desk = openDesk({ ...fake.premiere, exists: slow });
  const asked = [
    desk(create(HostRequestSchema, { ask: { case: "audition", value: { path: "/takes/a.mov" } } })).then(() => fake.state.playhead),
    desk(create(HostRequestSchema, { ask: { case: "seek", value: { frame: 2 } } })).then(() => fake.shown.length),
  ];
  expect(await Promise.all(asked)).toEqual([0n, 1]);
});

test("an action made outside of the lock throws, as it does since 26.3", async () => {
  const fake = new FakePremiere();
  const markers = fake.sequence?.markers();
  expect(() => markers?.createAddMarkerAction("early")).toThrow("inside lockedAccess");
  const { app } = fake.premiere;
  const project = await app.Project.getActiveProject();
  const kept: object[] = [];
  project.lockedAccess(() => kept.push(markers?.createAddMarkerAction("kept") ?? {}));
  const [late = {}] = kept;
  expect(() => project.lockedAccess(() => void project.executeTransaction((compound) => void compound.addAction(late)))).toThrow("another lock");
});

test("gaps are items of their own kind, as Premiere has them", async () => {
  const fake = new FakePremiere();
  const source = fake.footage("/a.mov", { frames: 9, ticksPerFrame: PAL, rate: 25 });
  const { clip } = await import("../fake/sequence");
  fake.state.video[0]?.items.push(clip(source, 5n * PAL, 9n * PAL));
  const track = await (await (await fake.premiere.app.Project.getActiveProject()).getActiveSequence()).getVideoTrack(0);
  const { EMPTY, CLIP } = fake.premiere.app.Constants.TrackItemType;
  expect(track.getTrackItems(EMPTY, true)).toHaveLength(1);
  expect(track.getTrackItems(CLIP, false)).toHaveLength(1);
});
