/** A shot from the first look to the timeline and back, through everything that goes wrong on the way. */
import { expect, test, type Page } from "@playwright/test";

import { edit, fakeHost, type FakeHost } from "./fake-host";
import { server, type Server } from "./server";

test.describe.configure({ mode: "serial" });

let unit: Server;
let host: FakeHost;
let page: Page;

test.beforeAll(async ({ browser }) => {
  unit = await server();
  page = await (await browser.newContext({ viewport: { width: 420, height: 900 } })).newPage();
});

test.afterAll(async () => {
  await page.context().close();
  await unit.remove();
});

/** Opens what is folded away. */
const numbers = (): Promise<void> =>
  page.locator("details", { hasText: "Takes, handles, delivery" }).evaluate((found) => found.setAttribute("open", ""));
const tab = (name: string): Promise<void> => page.getByRole("tab", { name }).click();

test("a panel pairs with the code that the server shows", async () => {
  await page.goto(unit.address);
  await page.getByLabel("Code from the server, or a token").fill("000000");
  await page.getByRole("button", { name: "Pair" }).click();
  await expect(page.getByRole("alert")).toContainText("code");
  await page.getByLabel("Code from the server, or a token").fill(unit.code());
  await page.getByRole("button", { name: "Pair" }).click();
  await expect(page.getByText("No editing program is attached")).toBeVisible();
});

test("it says what will be made and what placing does before any click", async () => {
  host = await fakeHost(unit.address, await unit.token(), edit(unit.footage));
  await expect(page.getByTestId("sentence")).toHaveText("Bridge 12 frames between A014 and A015 on V1, 23.976");
  await expect(page.getByTestId("import")).toContainText("Puts 12 frames at 01:00:01:12 on V1, in the empty place");
  await expect(page.getByTestId("estimate")).toContainText("not known");
});

test("a draft is made and shown in the place of the frame", async () => {
  await page.getByRole("button", { name: /^Draft/ }).click();
  await expect(page.getByTestId("preview")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("slider", { name: "Frame of Draft" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("img", { name: "Draft, frame 1" })).toBeVisible();
});

test("a shot that is being made is cancelled, and the timeline is as it was", async () => {
  await numbers();
  await page.getByLabel("Seed").fill("7");
  await page.getByRole("button", { name: /^Make/ }).click();
  await tab("Making");
  await page.getByRole("button", { name: /^Cancel/ }).click();
  await expect(page.locator("[data-state=cancelled]")).toBeVisible({ timeout: 30_000 });
  expect(host.context.items).toHaveLength(3);
  await tab("Shot");
});

test("a take is made and compared with its draft", async () => {
  await page.getByLabel("Seed").fill("");
  await page.getByRole("button", { name: /^Make/ }).click();
  await tab("Takes");
  const take = page.getByTestId("take").filter({ hasText: "v001" });
  await expect(take).toBeVisible({ timeout: 90_000 });
  await take.getByRole("button", { name: "Look at v001" }).click();
  await page.getByLabel("Compare with").selectOption({ label: "Draft 1" });
  await expect(page.getByRole("img", { name: "Draft 1, left of the edge" })).toBeVisible();
  await page.getByRole("slider", { name: "Wipe" }).fill("30");
  await page.getByLabel("Difference").check();
  await expect(page.getByRole("img", { name: "The difference from Draft 1" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Control report" })).toContainText("Seam");
});

test("it is placed exactly where it belongs, and taken back", async () => {
  await page.getByRole("button", { name: "Place v001" }).click();
  await expect(page.getByTestId("notice")).toContainText("Placed on V1.");
  const placed = host.context.items.at(-1);
  expect(placed).toMatchObject({ track: 0, record: { start: 36, frames: 12 }, source: { start: 8, frames: 12 } });
  expect(placed?.path).toMatch(/Second Unit\/.+_bridge_[a-z0-9]{8}_v001\.mov$/);
  await page.getByRole("button", { name: "Take back v001" }).click();
  await expect(page.getByTestId("notice")).toContainText("Taken back");
  expect(host.context.items).toHaveLength(3);
});

test("a reload in the middle loses neither what was set nor what is being made", async () => {
  await tab("Shot");
  await page.getByRole("tab", { name: "Frame" }).click();
  await page.getByLabel("Seed").fill("21");
  await page.getByRole("button", { name: /^Draft/ }).click();
  await expect(page.getByTestId("made").getByTestId("step")).toBeVisible();
  await page.reload();
  await numbers();
  await expect(page.getByLabel("Seed")).toHaveValue("21");
  await tab("Making");
  await expect(page.locator("[data-testid=job][data-state=succeeded]").filter({ hasText: "draft" })).toHaveCount(2, {
    timeout: 60_000,
  });
});

test("two panels at once see the same, and nobody else's shots have a way to be stopped", async () => {
  const other = await page.context().newPage();
  await other.goto(unit.address);
  await expect(other.getByTestId("sentence")).toBeVisible();
  await other.getByRole("tab", { name: "Takes" }).click();
  await expect(other.getByTestId("take").filter({ hasText: "v001" })).toBeVisible();
  await other.close();
  const stranger = await page.context().browser()?.newContext();
  const theirs = await stranger?.newPage();
  if (theirs === undefined) throw new Error("there is no browser");
  await theirs.goto(`${unit.address}/#pair=${unit.code()}`);
  await expect(theirs.getByTestId("sentence")).toBeVisible();
  await tab("Shot");
  await page.getByLabel("Seed").fill("22");
  await page.getByRole("button", { name: /^Draft/ }).click();
  await theirs.getByRole("tab", { name: "Making" }).click();
  await expect(theirs.getByText("Somebody else's.")).toBeVisible();
  await expect(theirs.getByRole("button", { name: /^Cancel/ })).toHaveCount(0);
  await stranger?.close();
});

test("the server goes and comes back: nothing typed is lost, takes stay readable", async () => {
  await tab("Shot");
  await page.getByLabel("Handles, frames").fill("4");
  await unit.stop();
  await expect(page.getByRole("alert").filter({ hasText: "The server does not answer." })).toBeVisible();
  await page.getByLabel("Seed").fill("5");
  await expect(page.getByRole("button", { name: /^Make/ })).toBeDisabled();
  await tab("Takes");
  await page.getByLabel("Search the takes").fill("A014 final");
  await expect(page.getByTestId("take").filter({ hasText: "v001" })).toBeVisible();
  await page.getByLabel("Search the takes").fill("nothing like it");
  await expect(page.getByText("No take has these words.")).toBeVisible();
  await page.getByLabel("Search the takes").fill("");
  await unit.start();
  await expect(page.getByRole("alert").filter({ hasText: "The server does not answer." })).toBeHidden({ timeout: 15_000 });
  await tab("Shot");
  await expect(page.getByLabel("Seed")).toHaveValue("5");
  await expect(page.getByLabel("Handles, frames")).toHaveValue("4");
  host = await fakeHost(unit.address, await unit.token(), host.context);
  await expect(page.getByTestId("sentence")).toContainText("Bridge 12 frames");
  await expect(page.getByRole("button", { name: /^Make/ })).toBeEnabled();
  // The draft that was under way when the server went is made when it is back.
  await tab("Making");
  await expect(page.locator("[data-testid=job][data-state=succeeded]").filter({ hasText: "draft" })).toHaveCount(3, {
    timeout: 60_000,
  });
});

test("a fault stands beside its control, and the buttons say that something is not right", async () => {
  await tab("Shot");
  await numbers();
  await page.getByLabel("Seed").fill("");
  host.context.items = host.context.items.map((item) =>
    item.id === "b" ? { ...item, path: `${unit.footage}/footage/gone.mov` } : item,
  );
  host.tell();
  await expect(page.getByRole("alert").filter({ hasText: "gone.mov" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Make/ })).toBeDisabled();
  host.context = edit(unit.footage);
  host.tell();
  await expect(page.getByRole("button", { name: /^Make/ })).toBeEnabled();
});

test("a timeline file without any host is read, made and written anew", async () => {
  await tab("File");
  await page.getByLabel("Path of the timeline").fill(`${unit.footage}/bridge.otio`);
  await page.getByRole("button", { name: "Read it" }).click();
  await expect(page.getByTestId("shot")).toContainText("COAST_020");
  await page.getByRole("button", { name: "Draft all" }).click();
  await expect(page.getByRole("link", { name: "Download" })).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Write the new timeline" }).click();
  await expect(page.getByTestId("written")).toContainText("bridge.gen.otio");
});

test("a mask is painted, a stroke is drawn, and the draft obeys them", async () => {
  await tab("Shot");
  host.context.playhead = 110;
  host.tell();
  await expect(page.getByTestId("sentence")).toContainText("Animate harbour.png");
  await page.getByLabel("Length, frames").fill("12");
  const stage = page.locator(".paint-frame");
  await stage.scrollIntoViewIfNeeded();
  const box = await stage.boundingBox();
  if (box === null) throw new Error("there is no frame");
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.getByRole("radio", { name: /^Brush/ }).or(page.getByRole("button", { name: /^Brush/ })).first().click();
  await page.mouse.move(...at(0.3, 0.8));
  await page.mouse.down();
  await page.mouse.move(...at(0.7, 0.8), { steps: 8 });
  await page.mouse.up();
  await page.keyboard.press("s");
  await page.mouse.move(...at(0.45, 0.8));
  await page.mouse.down();
  await page.mouse.move(...at(0.6, 0.78), { steps: 8 });
  await page.mouse.up();
  await expect(page.getByTestId("paint-standing")).toHaveAttribute("data-standing", "kept", { timeout: 15_000 });
  await expect(page.getByLabel("Keep this place while I look elsewhere")).toBeChecked();
  await page.getByRole("button", { name: /^Draft/ }).click();
  await expect(page.getByRole("slider", { name: "Frame of Draft" })).toBeVisible({ timeout: 60_000 });
  await tab("Takes");
  await page.getByTestId("takes").first().getByRole("button", { name: "Look at Draft 1" }).click();
  await expect(page.getByTestId("takes").first().getByRole("table", { name: "Control report" })).toContainText("Strokes");
});

test("where no stream gets through the panel asks again and again instead", async () => {
  const deaf = await page.context().newPage();
  await deaf.routeWebSocket(/\/stream$/, (line) => line.close());
  await deaf.goto(unit.address);
  await expect(deaf.getByTestId("sentence")).toContainText("Animate harbour.png");
  await deaf.getByRole("button", { name: /^Make/ }).click();
  await expect(deaf.getByTestId("preview")).toBeVisible({ timeout: 30_000 });
  await expect(deaf.getByRole("slider", { name: "Frame of Take" })).toBeVisible({ timeout: 60_000 });
  await deaf.close();
});
