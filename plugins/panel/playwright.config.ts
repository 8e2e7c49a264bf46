/** Drives the built panel in Chromium against a real server with the built-in engine. */
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { defineConfig } from "@playwright/test";

// The fake host attaches by WebSocket; Node 20 has it behind this flag.
process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --experimental-websocket --no-warnings`;

/** `CHROMIUM`, or the system's own; Playwright's where there is neither. */
function chromium(): string | undefined {
  if (process.env["CHROMIUM"] !== undefined) return process.env["CHROMIUM"];
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
    } catch {
      // the next name
    }
  }
  return undefined;
}

const executablePath = chromium();

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: join(tmpdir(), "secondunit-panel-e2e"),
  workers: 1,
  timeout: 100_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    viewport: { width: 420, height: 900 },
    actionTimeout: 10_000,
    colorScheme: "dark",
    screenshot: "only-on-failure",
    launchOptions: {
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
  },
});
