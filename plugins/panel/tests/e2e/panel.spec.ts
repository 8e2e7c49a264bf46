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
  await page.getByText("Takes, handles, delivery").click();
  await page.getByLabel("Seed").fill("7");
  await page.getByRole("button", { name: /^Make/ }).click();
  await tab("Being made");
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
