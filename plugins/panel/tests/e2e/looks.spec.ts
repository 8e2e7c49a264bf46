/** How the panel looks at the widths it is docked at, and whether everybody can use it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

import { edit, fakeHost, type FakeHost } from "./fake-host";
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
let host: FakeHost;

test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ browser }) => {
  unit = await server();
  page = await (await browser.newContext({ colorScheme: "dark", reducedMotion: "reduce" })).newPage();
  host = await fakeHost(unit.address, await unit.token(), edit(unit.footage));
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

test("a still that is painted on", async () => {
  await page.getByRole("tab", { name: "Shot" }).click();
  await page.setViewportSize(SHAPES[1]);
  host.context.playhead = 110;
  host.tell();
  const stage = page.locator(".paint-frame");
  await stage.scrollIntoViewIfNeeded();
  await expect(stage.getByText("The frame is being fetched.")).toBeHidden();
  const box = await stage.boundingBox();
  if (box === null) throw new Error("there is no frame");
  const draw = async (...places: readonly (readonly [number, number])[]): Promise<void> => {
    for (const [n, [x, y]] of places.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 6 });
      if (n === 0) await page.mouse.down();
    }
    await page.mouse.up();
  };
  await page.getByRole("radio", { name: /^Brush/ }).or(page.getByRole("button", { name: /^Brush/ })).first().click();
  await draw([0.05, 0.75], [0.95, 0.75], [0.95, 0.85], [0.05, 0.85], [0.05, 0.95], [0.95, 0.95]);
  await page.keyboard.press("s");
  await draw([0.45, 0.8], [0.55, 0.79], [0.62, 0.77]);
  await expect(page.getByTestId("paint-standing")).toHaveAttribute("data-standing", "kept", { timeout: 15_000 });
  await page.evaluate(() => window.scrollTo(0, 0));
  await look("paint");
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
