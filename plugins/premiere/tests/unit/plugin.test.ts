/** The plugin as it is installed: built, packed, loaded as UXP loads it. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import { createContext, runInContext } from "node:vm";

import { Linter } from "eslint";
import { beforeAll, expect, test } from "vitest";

import { manifest } from "../../manifest";
import { actionsInTheLock } from "../../pack/actions-in-the-lock.mjs";
import { drawMark } from "../../pack/mark";
import { decode, encode } from "../../src/utf8";
import { FakePremiere, PAL } from "../fake/premiere";

const root = fileURLToPath(new URL("../..", import.meta.url));
const archive = `${root}dist/secondunit-premiere-${manifest.version}.ccx`;
const script = `${root}dist/plugin/main.js`;

beforeAll(() => {
  execFileSync(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "error"], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", VITE_CONFIG_NATIVE_IGNORE_WARNING: "true" },
  });
}, 60_000);

/** Names and sizes of an archive's files, from its directory. */
function listed(bytes: Buffer): Map<string, number> {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  const files = new Map<string, number>();
  let at = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count -= 1) {
    const length = bytes.readUInt16LE(at + 28);
    files.set(bytes.toString("utf8", at + 46, at + 46 + length), bytes.readUInt32LE(at + 24));
    at += 46 + length;
  }
  return files;
}

test("the archive has everything that its manifest names, and the same bytes each time", () => {
  const bytes = readFileSync(archive);
  const files = listed(bytes);
  const icons = [...manifest.icons, ...manifest.entrypoints.flatMap((one) => one.icons)];
  const named = icons.flatMap(({ path, scale }) => scale.map((times) => path.replace(".png", `@${times}x.png`)));
  expect([...files.keys()]).toEqual([...new Set([...named, "LICENSE", "index.html", "main.js", "manifest.json", "pane.css"])].sort());
  expect(files.get("main.js")).toBe(readFileSync(script).length);
  execFileSync(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "error"], { cwd: root });
  expect(readFileSync(archive).equals(bytes)).toBe(true);
}, 60_000);

test("the manifest asks for no more than the server on this machine", () => {
  expect(manifest).toMatchObject({ manifestVersion: 5, host: { app: "premierepro", minVersion: "25.6.0" } });
  const { network, webview } = manifest.requiredPermissions;
  expect(network.domains).toEqual(["http://127.0.0.1:50052", "ws://127.0.0.1:50052"]);
  expect(webview).toEqual({ allow: "yes", domains: ["http://127.0.0.1:50052"], enableMessageBridge: "localAndRemote" });
  expect(Object.keys(manifest.requiredPermissions)).not.toContain("launchProcess");
});

test("the mark is a picture of the size that is asked for, and its middle is what is made", () => {
  const png = drawMark(24, "dark");
  expect(png.readUInt32BE(16)).toBe(24);
  const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  const at = (x: number, y: number): number[] => [...pixels.subarray(y * 97 + 1 + x * 4, y * 97 + 5 + x * 4)];
  expect(at(12, 12)).toEqual([232, 178, 76, 255]);
  expect(at(4, 12)).toEqual([232, 230, 225, 255]);
  expect(at(0, 0)[3]).toBe(0);
});

class Element {
  textContent = "";
  value = "";
  src = "";
  readonly hears = new Map<string, () => void>();
  readonly posted: { frame?: { hello?: object; event?: object; reply?: object } }[] = [];
  readonly classes = new Set<string>();
  readonly classList = { toggle: (name: string, on: boolean) => (on ? this.classes.add(name) : this.classes.delete(name)) };
  readonly children: Element[] = [];

  appendChild(child: Element): void {
    this.children.push(child);
  }

  addEventListener(kind: string, hear: () => void): void {
    this.hears.set(kind, hear);
  }

  postMessage(message: object): void {
    this.posted.push(JSON.parse(JSON.stringify(message)) as object);
  }
}

test("the script runs where there is no TextDecoder, serves its panel, and asks to be paired", async () => {
  const fake = new FakePremiere();
  const parts = new Map<string, Element>();
  const hears: ((event: object) => void)[] = [];
  const world: Record<string, unknown> = {
    document: {
      createElement: () => new Element(),
      getElementById: (id: string) => {
        const found = parts.get(id) ?? new Element();
        parts.set(id, found);
        return found;
      },
    },
    require: (name: string) =>
      ({
        premierepro: fake.premiere.app,
        fs: { lstat: () => Promise.resolve({}) },
        uxp: { host: { version: "26.3.0" }, storage: { secureStorage: { getItem: () => Promise.resolve(null), removeItem: () => Promise.resolve() } } },
      })[name],
    addEventListener: (_kind: string, hear: (event: object) => void) => hears.push(hear),
    removeEventListener: () => undefined,
    ...{ URL, setTimeout, setInterval: () => 0, clearInterval, clearTimeout, console },
  };
  world["window"] = world;
  runInContext(readFileSync(script, "utf8"), createContext(world));
  const [webview] = parts.get("stage")?.children ?? [];
  expect(webview?.src).toBe("http://127.0.0.1:50052/");
  webview?.hears.get("loadstop")?.();
  const say = (data: object): void => hears.forEach((hear) => hear({ data, origin: "http://127.0.0.1:50052/" }));
  say({ secondunit: "host", knock: true });
  say({ secondunit: "host", frame: { request: { id: "1", seek: { frame: 4 } } } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(webview?.posted.some(({ frame }) => frame?.hello !== undefined)).toBe(true);
  expect(webview?.posted.find(({ frame }) => frame?.reply)?.frame).toEqual({ reply: { id: "1", sought: {} } });
  expect(fake.state.playhead).toBe(4n * PAL);
  expect(parts.get("outside-what")?.textContent).toContain("pair it once");
});

test("UTF-8 is what everyone else has", () => {
  const text = "Aß€𝄞 \u0000\ufeff~";
  expect([...encode(text)]).toEqual([...new TextEncoder().encode(text)]);
  expect(decode(encode(text))).toBe(text);
  expect(decode(encode("a\ud800b"))).toBe("a\ufffdb");
  for (const bytes of [[0xff], [0xc0, 0x80], [0xe2, 0x82], [0x80], [0xc3, 0x28]]) {
    expect(() => decode(new Uint8Array(bytes), true)).toThrow("no UTF-8");
    expect(decode(new Uint8Array(bytes))).toContain("\ufffd");
  }
});

test("the house's rule finds actions that are made outside of the lock", () => {
  const faults = (code: string, filename = "src/verbs/x.ts"): (string | undefined)[] =>
    new Linter()
      .verify(code, { files: ["**/*.ts"], plugins: { premiere: { rules: { "actions-in-the-lock": actionsInTheLock } } }, rules: { "premiere/actions-in-the-lock": "error" } }, { filename })
      .map(({ messageId }) => messageId);
  expect(faults("change(p, 'x', [() => item.createSetNameAction('y')])")).toEqual([]);
  expect(faults("change(p, 'x', [() => { let a; Sel.createEmptySelection((s) => { a = e.createRemoveItemsAction(s) }); return a }])")).toEqual([]);
  expect(faults("const action = item.createSetNameAction('y')")).toEqual(["outside"]);
  expect(faults("async function f() { await g(); return item.createSetNameAction('y') }")).toEqual(["outside"]);
  expect(faults("change(p, 'x', [async () => item.createSetNameAction('y')])")).toEqual(["outside"]);
  expect(faults("project.lockedAccess(() => {})")).toEqual(["lock"]);
  expect(faults("project.lockedAccess(() => {})", "src/transaction.ts")).toEqual([]);
});

test("every module says what it is, and host.ts alone asks UXP for anything", () => {
  const files = ["src", "pack", "tests"].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  const written = files.filter((name) => /\.m?ts$/.test(name));
  expect(written.length).toBeGreaterThan(30);
  for (const name of written) {
    const text = readFileSync(`${root}${name}`, "utf8");
    expect(text.startsWith("/**"), name).toBe(true);
    expect(text.split("\n").length, name).toBeLessThan(400);
    if (name.startsWith("src/") && name !== "src/host.ts") expect(text, name).not.toMatch(/\brequire\(/);
  }
});
