// Makes the TypeScript of the protos: `node generate.mjs [FOLDER]`, default `src/proto`.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const proto = resolve(here, "../../proto");
const out = resolve(process.argv[2] ?? join(here, "src/proto"));
const python = [process.env.PYTHON, resolve(here, "../../.venv/bin/python"), "python3"].find(
  (one) => one !== undefined && (one === "python3" || existsSync(one)),
);
const files = readdirSync(join(proto, "secondunit/v1")).filter((name) => name.endsWith(".proto"));
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// grpc_tools brings protoc and Google's own protos; the plugin is Buf's.
const includes = execFileSync(python, [
  "-c",
  "from importlib.resources import files; print(files('grpc_tools') / '_proto')",
])
  .toString()
  .trim();
execFileSync(
  python,
  [
    "-m",
    "grpc_tools.protoc",
    `-I${proto}`,
    `-I${includes}`,
    `--plugin=protoc-gen-es=${join(here, "node_modules/.bin/protoc-gen-es")}`,
    `--es_out=${out}`,
    "--es_opt=target=ts",
    ...files.map((name) => `secondunit/v1/${name}`),
  ],
  { stdio: "inherit" },
);
