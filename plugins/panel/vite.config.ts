import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

/** The built panel is a part of the Python package, which serves it. */
export default defineConfig({
  plugins: [preact()],
  base: "./",
  build: {
    outDir: "../../server/secondunit/panel",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: { environment: "happy-dom", include: ["tests/unit/**/*.test.{ts,tsx}"] },
});
