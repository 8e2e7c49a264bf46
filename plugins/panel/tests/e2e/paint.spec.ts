/** Drives the painter alone in Chromium: what a hand does becomes a PNG, points, a moving preview. */
import { expect, test, type Locator, type Page } from "@playwright/test";
import AxeBuilder from "@axe-core/playwright";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer, type ViteDevServer } from "vite";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const SETTLED = 5000;
const RATIO = 360 / 640;

interface File {
  readonly file?: { readonly blob?: { readonly sha256: string } };
}
interface Said {
  readonly mask?: File;
  readonly strokes?: readonly {
    readonly points: readonly { readonly x?: number; readonly y?: number }[];
    readonly region?: File;
  }[];
  readonly ambients?: readonly { readonly region?: File; readonly strength: number }[];
  readonly cameras?: readonly Record<string, number>[];
  readonly keyframes?: readonly Record<string, unknown>[];
}

let vite: ViteDevServer;
let address = "";

test.beforeAll(async () => {
  vite = await createServer({ root: ROOT, server: { port: 0, host: "127.0.0.1" }, logLevel: "error" });
  await vite.listen();
  address = `${vite.resolvedUrls?.local[0] ?? ""}tests/e2e/paint/index.html`;
});

test.afterAll(async () => {
  await vite.close();
});

async function open(page: Page, query = ""): Promise<Stage> {
  await page.goto(`${address}${query}`);
  const stage = page.getByTestId("stage");
  await expect(page.getByText("The frame is being fetched.")).toBeHidden();
  return { page, stage };
}

interface Stage {
  readonly page: Page;
  readonly stage: Locator;
}

async function drag({ page, stage }: Stage, ...places: readonly (readonly [number, number])[]): Promise<void> {
  const box = await stage.boundingBox();
  if (box === null) throw new Error("no stage");
  const [first = [0, 0], ...rest] = places.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const to of rest) await page.mouse.move(...to, { steps: 6 });
  await page.mouse.up();
}

const said = (page: Page): Promise<Said> => page.evaluate(() => window.said as Said);

/** The bytes of a painted file at places of it. */
async function grey(
  page: Page,
  of: File | undefined,
  ...places: readonly (readonly [number, number])[]
): Promise<readonly number[]> {
  const sha256 = of?.file?.blob?.sha256 ?? "";
  return page.evaluate(([name, at]) => window.pixels(name, at), [sha256, places] as const);
}

const mask = async (page: Page, ...places: readonly (readonly [number, number])[]): Promise<readonly number[]> =>
  grey(page, (await said(page)).mask, ...places);

test("the brush paints the mask's own PNG, and undo takes it back", async ({ page }) => {
  const at = await open(page);
  await drag(at, [0.3, 0.4], [0.7, 0.4]);
  await expect.poll(async () => (await said(page)).mask, { timeout: SETTLED }).toBeDefined();
  expect(await mask(page, [0.3, 0.4], [0.5, 0.4], [0.7, 0.4], [0.5, 0.6], [0.1, 0.4])).toEqual([255, 255, 255, 0, 0]);

  await page.keyboard.press("e");
  await drag(at, [0.5, 0.3], [0.5, 0.5]);
  await expect.poll(async () => (await mask(page, [0.5, 0.4]))[0], { timeout: SETTLED }).toBe(0);

  await page.keyboard.press("Control+z");
  await expect.poll(async () => (await mask(page, [0.5, 0.4]))[0], { timeout: SETTLED }).toBe(255);
  await page.keyboard.press("Control+z");
  await expect.poll(async () => (await said(page)).mask, { timeout: SETTLED }).toBeUndefined();
});

test("a polygon closes at its first corner, and its edge can be feathered", async ({ page }) => {
  const at = await open(page);
  await page.keyboard.press("p");
  await page.getByRole("button", { name: "Polygon" }).click();
  for (const corner of [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]] as const) {
    await drag(at, corner);
  }
  await expect.poll(async () => (await said(page)).mask, { timeout: SETTLED }).toBeDefined();
  expect(await mask(page, [0.5, 0.5], [0.19, 0.5], [0.22, 0.5])).toEqual([255, 0, 255]);
  await page.getByRole("button", { name: "Feather", exact: true }).click();
  await expect.poll(async () => (await mask(page, [0.19, 0.5]))[0], { timeout: SETTLED }).toBeGreaterThan(40);
  const [inside, edge = 0] = await mask(page, [0.5, 0.5], [0.2, 0.5]);
  expect(inside).toBe(255);
  expect(Math.abs(edge - 128)).toBeLessThan(24);
});

test("a drawn way carries what it begins on, and the preview shows it", async ({ page }) => {
  const at = await open(page);
  await page.keyboard.press("s");
  await page.getByRole("button", { name: "Stroke", exact: true }).click();
  await drag(at, [0.25, 0.69], [0.5, 0.4], [0.75, 0.69]);
  await expect.poll(async () => (await said(page)).strokes?.length, { timeout: SETTLED }).toBe(1);
  const [stroke] = (await said(page)).strokes ?? [];
  const points = stroke?.points ?? [];
  expect(points.length).toBeGreaterThan(2);
  expect(points[0]?.x).toBeCloseTo(0.25, 1);
  expect(points.at(-1)?.x).toBeCloseTo(0.75, 1);
  const steps = points.slice(1).map((to, n) => {
    const from = points[n] ?? to;
    return Math.hypot((to.x ?? 0) - (from.x ?? 0), ((to.y ?? 0) - (from.y ?? 0)) * RATIO);
  });
  expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.5);

  // All of the ball, then to the end of the shot: it is where the way ends, and gone from where it began.
  await page.keyboard.press("b");
  await drag(at, [0.22, 0.65], [0.29, 0.65], [0.29, 0.74], [0.21, 0.74], [0.21, 0.65], [0.25, 0.69]);
  await expect(page.getByText(/^[1-9]% of the picture/)).toBeVisible();
  await page.getByLabel("Frame of the preview").fill("23");
  const seen = (x: number, y: number): Promise<readonly number[]> =>
    at.stage.evaluate((canvas: HTMLCanvasElement, place) => {
      const context = canvas.getContext("2d");
      const [px, py] = [Math.round(place[0] * canvas.width), Math.round(place[1] * canvas.height)];
      return [...(context?.getImageData(px, py, 1, 1).data ?? [])].slice(0, 3);
    }, [x, y] as const);
  await expect.poll(async () => ((await seen(0.75, 0.69))[0] ?? 0) > 150 && ((await seen(0.75, 0.69))[2] ?? 0) < 90).toBe(true);
  expect((await seen(0.25, 0.69))[0]).toBeLessThan(150);
});

test("the preview plays, at more than thirty frames a second", async ({ page }) => {
  const at = await open(page);
  await page.getByRole("button", { name: "Ambient", exact: true }).click();
  await drag(at, [0.1, 0.6], [0.9, 0.6]);
  await page.getByRole("button", { name: "Stroke", exact: true }).click();
  await drag(at, [0.25, 0.69], [0.75, 0.69]);
  await page.getByRole("button", { name: "Camera", exact: true }).click();
  await page.getByRole("spinbutton", { name: /^Zoom/ }).fill("1.2");
  await page.getByRole("button", { name: "Play the preview" }).click();
  const frame = page.getByLabel("Frame of the preview");
  const first = await frame.inputValue();
  await expect.poll(() => frame.inputValue()).not.toBe(first);
  await page.getByRole("button", { name: "Stop the preview" }).click();
  // The best of three: other work on the machine is no fault of the preview.
  const paces = [];
  for (let n = 0; n < 3; n += 1) paces.push(await page.evaluate(() => window.pace()));
  console.log(`preview with a stroke, ambient and a camera: ${Math.min(...paces).toFixed(1)} ms a frame at 480x270`);
  expect(Math.min(...paces)).toBeLessThan(1000 / 30);
});

test("the camera's box is dragged into numbers, and numbers draw the box", async ({ page }) => {
  const at = await open(page);
  await page.getByRole("button", { name: "Camera", exact: true }).click();
  await drag(at, [0.5, 0.5], [0.5 + 0.075, 0.5]); // the picture is shown at three quarters
  await expect.poll(async () => (await said(page)).cameras?.[0]?.["truck"], { timeout: SETTLED }).toBeCloseTo(10, 0);
  await page.getByRole("spinbutton", { name: /^Pan/ }).fill("6");
  await expect.poll(async () => (await said(page)).cameras?.[0]?.["pan"], { timeout: SETTLED }).toBe(6);
  await at.stage.focus();
  await page.keyboard.press("+");
  await expect.poll(async () => (await said(page)).cameras?.[0]?.["zoom"], { timeout: SETTLED }).toBeCloseTo(1.05, 2);
});

test("everything goes without a pointer", async ({ page }) => {
  const { stage } = await open(page);
  await stage.focus();
  await page.keyboard.press("Enter");
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await said(page)).mask, { timeout: SETTLED }).toBeDefined();
  expect(await mask(page, [0.5, 0.5], [0.6, 0.5], [0.7, 0.5], [0.85, 0.5])).toEqual([255, 255, 255, 0]);
  await page.keyboard.press("s");
  await page.keyboard.press("Enter");
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Enter");
  await expect.poll(async () => (await said(page)).strokes?.[0]?.points.length, { timeout: SETTLED }).toBe(2);
});

test("what is painted while the server is away is sent when it is back, and can be read again", async ({ page }) => {
  const at = await open(page);
  await page.evaluate(() => (window.away = true));
  await drag(at, [0.3, 0.3], [0.6, 0.3]);
  await expect(page.getByRole("alert")).toContainText("not on the server yet");
  await page.evaluate(() => (window.away = false));
  await expect(page.getByRole("alert")).toBeHidden({ timeout: SETTLED });
  await expect.poll(async () => (await said(page)).mask, { timeout: SETTLED }).toBeDefined();
  const before = JSON.stringify(await said(page));
  await page.evaluate(() => window.reread());
  await expect(page.getByText(/^[1-9]\d?% of the picture/)).toBeVisible();
  expect(JSON.stringify(await said(page))).toBe(before);
});

test("a frame of the strip is pinned at a frame of the shot", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "A015_C001" }).click();
  await page.getByLabel("Frame of A015_C001").fill("25");
  await page.getByLabel("Frame of the shot to pin at").fill("12");
  await page.getByLabel("Frame of the shot to pin at").blur();
  await page.getByRole("button", { name: "Pin this frame" }).click();
  await expect(page.getByAltText("Keyframe at frame 12")).toBeVisible();
  const [pin] = (await said(page)).keyframes ?? [];
  expect(pin).toMatchObject({ frame: 12, strength: 1 });
  await page.getByRole("button", { name: "Remove the keyframe at frame 12" }).click();
  expect((await said(page)).keyframes).toBeUndefined();
});

for (const [width, theme] of [[320, "dark"], [420, "light"], [1200, "dark"]] as const) {
  test(`nothing is cut off at ${width} pixels, and no serious fault is found`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    const at = await open(page, `?theme=${theme}`);
    await drag(at, [0.2, 0.6], [0.5, 0.7]);
    await page.keyboard.press("s");
    await drag(at, [0.3, 0.6], [0.7, 0.3]);
    await expect(page.getByText("Stroke 1")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(grave.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
}
