/** A real server with the built-in engine and footage of its own, stopped and started at will. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");
const PYTHON = process.env["PYTHON"] ?? join(ROOT, ".venv/bin/python");
const SECONDS_TO_START = 60;

export interface Server {
  /** Of the panel. */
  readonly address: string;
  /** Folder of the drawn footage and its sample timelines. */
  readonly footage: string;
  start(): Promise<void>;
  /** Stops it as the operator does. */
  stop(): Promise<void>;
  /** A fresh code that a panel pairs with. */
  code(): string;
  /** A token, as a program beside the panel pairs itself. */
  token(): Promise<string>;
  /** Stops it and removes what it left. */
  remove(): Promise<void>;
}

export async function server(): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), "secondunit-e2e-"));
  const [listen, bridge] = [await free(), await free()];
  const address = `http://127.0.0.1:${bridge}`;
  const data = join(home, "data");
  const environment = {
    ...process.env,
    NODE_OPTIONS: "",
    OMP_NUM_THREADS: "1",
    PYTHONPATH: [join(ROOT, "server"), join(ROOT, "plugins/client"), ROOT].join(":"),
  };
  const python = (...given: readonly string[]): string =>
    execFileSync(PYTHON, given, { env: environment, cwd: ROOT }).toString();
  python("samples/draw.py", "--out", home, "--width", "320");
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    child = spawn(
      PYTHON,
      ["-m", "secondunit", "serve", "--listen", `127.0.0.1:${listen}`, "--bridge", `127.0.0.1:${bridge}`, "--data", data],
      { env: environment, cwd: ROOT, stdio: process.env["SERVER_LOG"] === undefined ? "ignore" : "inherit" },
    );
    for (let tries = 0; tries < SECONDS_TO_START * 5; tries += 1) {
      if (await fetch(address).then(({ ok }) => ok, () => false)) return;
      await new Promise((wake) => setTimeout(wake, 200));
    }
    throw new Error("the server did not start");
  };

  const stop = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const gone = new Promise((wake) => running.once("exit", wake));
    running.kill("SIGTERM");
    const late = setTimeout(() => running.kill("SIGKILL"), 20_000);
    await gone;
    clearTimeout(late);
  };

  const code = (): string => {
    const told = JSON.parse(python("-m", "secondunit", "pair", "--json", "--data", data)) as { code: string };
    return told.code;
  };

  await start();
  return {
    address, footage: home, start, stop, code,
    token: async () => {
      const answer = await fetch(`${address}/pair`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: code(), name: "fake host" }),
      });
      return ((await answer.json()) as { token: string }).token;
    },
    remove: async () => {
      await stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function free(): Promise<number> {
  return new Promise((found) => {
    const one = createServer();
    one.listen(0, "127.0.0.1", () => {
      const { port } = one.address() as AddressInfo;
      one.close(() => found(port));
    });
  });
}
