/** Builds the plugin as UXP loads it, one plain script, and the .ccx that is installed. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { manifest } from "./manifest.ts";
import { drawMark } from "./pack/mark.ts";
import { zip } from "./pack/zip.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Everything beside the script, and the archive of all. */
function ccx(): Plugin {
  return {
    name: "ccx",
    generateBundle(_, bundle) {
      const files = new Map<string, Uint8Array>([
        ["manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)],
        ["index.html", readFileSync(at("index.html"))],
        ["pane.css", readFileSync(at("src/pane.css"))],
        ["LICENSE", readFileSync(at("../../LICENSE"))],
      ]);
      for (const { path, width, theme } of [...manifest.icons, ...manifest.entrypoints.flatMap((one) => one.icons)]) {
        const tone = theme.includes("dark") ? "dark" : "light";
        for (const scale of [1, 2]) files.set(path.replace(".png", `@${scale}x.png`), drawMark(width * scale, tone));
      }
      for (const [fileName, source] of files) this.emitFile({ type: "asset", fileName, source });
      for (const one of Object.values(bundle)) {
        if (one.type === "chunk") files.set(one.fileName, Buffer.from(one.code));
      }
      const ordered = new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
      mkdirSync(at("dist"), { recursive: true });
      writeFileSync(at(`dist/secondunit-premiere-${manifest.version}.ccx`), zip(ordered));
    },
  };
}

export default defineConfig({
  plugins: [ccx()],
  // The protos' TypeScript lies with the panel; both must speak through one copy of the library.
  resolve: { dedupe: ["@bufbuild/protobuf"] },
  build: {
    outDir: "dist/plugin",
    target: "es2022",
    minify: false, // whoever reads it in Adobe's developer tool should be able to
    reportCompressedSize: false,
    copyPublicDir: false,
    rolldownOptions: {
      input: at("src/main.ts"),
      external: ["premierepro", "uxp", "fs"],
      output: { format: "iife", entryFileNames: "main.js" },
    },
  },
  test: { include: ["tests/unit/**/*.test.ts"] },
});
