/** How the panel looks at the widths it is docked at, and whether everybody can use it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

import { edit, fakeHost } from "./fake-host";
import { server, type Server } from "./server";

/** `PICTURES`: a folder for the pictures of docs; nothing is written without. */
const FOLDER = process.env["PICTURES"];
const SHAPES = [
  { width: 320, height: 760 },
  { width: 420, height: 900 },
  { width: 1200, height: 860 },
] as const;

let unit: Server;
let page: Page;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  unit = await server();
  page = await (await browser.newContext({ colorScheme: "dark", reducedMotion: "reduce" })).newPage();
  await fakeHost(unit.address, await unit.token(), edit(unit.footage));
  await page.goto(`${unit.address}/#pair=${unit.code()}`);
  await expect(page.getByTestId("sentence")).toBeVisible();
});

test.afterAll(async () => {
  await page.context().close();
  await unit.remove();
});

async function look(name: string): Promise<void> {
  for (const shape of SHAPES) {
    await page.setViewportSize(shape);
    await page.waitForTimeout(150);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wide, `${name} at ${shape.width}: nothing is wider than the panel`).toBeLessThanOrEqual(0);
    if (FOLDER === undefined) continue;
    mkdirSync(FOLDER, { recursive: true });
    await page.screenshot({ path: join(FOLDER, `panel-${name}-${shape.width}.png`) });
  }
}

async function fine(): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

test("the shot that is asked for", async () => {
  await expect(page.getByRole("img", { name: "The frame at the cut" })).toBeVisible();
  await look("shot");
  await fine();
});

test("what is being made, and the takes beside one another", async () => {
  await page.getByRole("button", { name: /^Draft/ }).click();
  await expect(page.getByTestId("preview")).toBeVisible({ timeout: 60_000 });
  await look("draft");
  await page.getByRole("tab", { name: "Making" }).click();
  await fine();
  await page.getByRole("tab", { name: "Shot" }).click();
  await page.getByRole("button", { name: /^Make/ }).click();
  await page.getByRole("tab", { name: "Takes" }).click();
  await page.getByRole("button", { name: "Look at v001" }).click({ timeout: 90_000 });
  await page.getByLabel("Compare with").selectOption({ label: "Draft 1" });
  await expect(page.getByRole("img", { name: "Draft 1, left of the edge" })).toBeVisible();
  await look("takes");
  await fine();
});

test("the light of the host", async () => {
  await page.evaluate(() => (document.documentElement.dataset["theme"] = "light"));
  await fine();
  await page.getByRole("tab", { name: "Shot" }).click();
  await look("light");
  await fine();
});

test("the sheet of keys opens and closes by keys alone", async () => {
  await page.locator("body").press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard" })).toBeVisible();
  await fine();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("Alt+3");
  await expect(page.getByRole("tab", { name: "Takes" })).toHaveAttribute("aria-selected", "true");
});
