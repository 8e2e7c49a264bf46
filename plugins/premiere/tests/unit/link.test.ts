/** The two lines to the plugin: a WebSocket to the server, messages to the panel in its webview. */
import { create, type JsonValue } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { HostContextSchema } from "../../../panel/src/proto/secondunit/v1/hosts_pb";
import { openBridge, type Heard } from "../../src/bridge";
import { openDesk } from "../../src/desk";
import { watchContext } from "../../src/glance";
import { hello } from "../../src/hello";
import { openLink, type Socket } from "../../src/link";
import { openPane, type Webview } from "../../src/pane";
import { pair } from "../../src/pairing";
import { FakePremiere, PAL } from "../fake/premiere";

const SERVER = "http://127.0.0.1:50052";

class Wire implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly said: JsonValue[] = [];
  closed = false;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  send(text: string): void {
    this.said.push(JSON.parse(text) as JsonValue);
  }

  close(): void {
    this.closed = true;
    this.onclose?.();
  }

  hear(frame: JsonValue): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function linked(token = "sup_1_x") {
  const fake = new FakePremiere();
  const wires: Wire[] = [];
  const standings: string[] = [];
  const link = openLink({
    server: SERVER,
    token,
    host: hello(fake.premiere),
    desk: openDesk(fake.premiere),
    connect: (url, protocols) => {
      const wire = new Wire(url, protocols);
      wires.push(wire);
      return wire;
    },
    standing: (standing) => standings.push(standing),
  });
  return { fake, wires, standings, link };
}

test("it says hello with its token, is welcomed, and answers what it is asked", async () => {
  const { fake, wires, standings } = linked();
  const [wire] = wires;
  expect(wire).toMatchObject({ url: "ws://127.0.0.1:50052/link", protocols: ["secondunit.v1", "bearer.sup_1_x"] });
  wire?.onopen?.();
  expect(wire?.said).toMatchObject([{ hello: { kind: "HOST_KIND_PREMIERE", protocol: 1 } }]);
  wire?.hear({ welcome: { id: "ab12" } });
  expect(standings).toEqual(["linked"]);
  wire?.hear({ request: { id: "1", seek: { frame: 7 } }, somethingNew: {} });
  await vi.advanceTimersByTimeAsync(0);
  expect(wire?.said[1]).toEqual({ reply: { id: "1", sought: {} } });
  expect(fake.state.playhead).toBe(7n * PAL);
});

test("a server that goes comes back: tries at growing distances, and hello anew", async () => {
  const { wires, standings, link } = linked();
  for (const wait of [500, 1000, 2000, 4000]) {
    wires.at(-1)?.onclose?.();
    const before = wires.length;
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(wires).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(wires).toHaveLength(before + 1);
  }
  wires.at(-1)?.onopen?.();
  wires.at(-1)?.hear({ welcome: {} });
  expect(standings).toEqual(["away", "away", "away", "away", "linked"]);
  wires.at(-1)?.onclose?.();
  await vi.advanceTimersByTimeAsync(500);
  expect(wires).toHaveLength(6);
  link.end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(wires).toHaveLength(6);
});

test("a token that is refused is not tried again", async () => {
  const { wires, standings } = linked();
  wires[0]?.onopen?.();
  wires[0]?.hear({ end: { error: { code: "unauthenticated", message: "not paired", details: [] } } });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(standings).toEqual(["stranger"]);
  expect(wires).toHaveLength(1);
});

test("an answer that comes after its line has gone is not said on another", async () => {
  const { fake, wires } = linked();
  fake.slow = 2000;
  wires[0]?.onopen?.();
  wires[0]?.hear({ request: { id: "1", exportFrame: { frame: 7, path: "/stills/a.png" } } });
  wires[0]?.onclose?.();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(fake.disk.has("/stills/a.png.png")).toBe(true);
  expect(wires[1]?.said).toEqual([]);
  expect(wires[0]?.said).toHaveLength(1);
});

test("contexts are told only to a server that has welcomed us, and rubbish ends nothing", () => {
  const { wires, link } = linked();
  link.tell(create(HostContextSchema, { timeline: "early" }));
  wires[0]?.onopen?.();
  wires[0]?.onmessage?.({ data: "rubbish" });
  wires[0]?.onmessage?.({ data: new ArrayBuffer(3) });
  wires[0]?.hear({ welcome: {} });
  link.tell(create(HostContextSchema, { timeline: "Reel 1" }));
  expect(wires[0]?.said.slice(1)).toEqual([{ event: { contextChanged: { timeline: "Reel 1" } } }]);
});

function bridged() {
  const fake = new FakePremiere();
  const posted: { message: unknown; origin: string }[] = [];
  let hear: ((event: Heard) => void) | undefined;
  const inlet = {
    addEventListener: (_kind: "message", given: (event: Heard) => void) => {
      hear = given;
    },
    removeEventListener: () => {
      hear = undefined;
    },
  };
  const outlet = { postMessage: (message: unknown, origin: string) => posted.push({ message, origin }) };
  const say = (data: unknown, origin = `${SERVER}/`): void => hear?.({ data, origin });
  return { fake, posted, inlet, outlet, say };
}

test("a panel that knocks is told who is there, and is served", async () => {
  const { fake, posted, inlet, outlet, say } = bridged();
  const bridge = openBridge(SERVER, inlet, outlet, hello(fake.premiere), openDesk(fake.premiere));
  say({ secondunit: "host", knock: true });
  expect(posted).toMatchObject([{ origin: SERVER, message: { secondunit: "panel", frame: { hello: { protocol: 1 } } } }]);
  say({ secondunit: "host", frame: { welcome: { id: "own" } } });
  say({ secondunit: "host", frame: { request: { id: "1", seek: { frame: 3 } } } });
  await vi.advanceTimersByTimeAsync(0);
  expect(posted[1]?.message).toEqual({ secondunit: "panel", frame: { reply: { id: "1", sought: {} } } });
  bridge.tell(create(HostContextSchema, { playhead: 3 }));
  expect(posted[2]?.message).toEqual({ secondunit: "panel", frame: { event: { contextChanged: { playhead: 3 } } } });
  bridge.end();
  say({ secondunit: "host", knock: true });
  expect(posted).toHaveLength(3);
});

test.each(["http://evil.example/", "http://127.0.0.1:50052.evil.example/", "http://127.0.0.1:5005", "null", ""])(
  "a page of %s is not served",
  async (origin) => {
    const { fake, posted, inlet, outlet, say } = bridged();
    openBridge(SERVER, inlet, outlet, hello(fake.premiere), openDesk(fake.premiere));
    say({ secondunit: "host", knock: true }, origin);
    say({ secondunit: "host", frame: { request: { id: "1", seek: { frame: 3 } } } }, origin);
    await vi.advanceTimersByTimeAsync(0);
    expect(posted).toEqual([]);
    expect(fake.state.playhead).toBe(0n);
  },
);

test("messages that are none of ours are not answered", () => {
  const { fake, posted, inlet, outlet, say } = bridged();
  openBridge(SERVER, inlet, outlet, hello(fake.premiere), openDesk(fake.premiere));
  for (const data of [null, "x", 3, {}, { secondunit: "panel", knock: true }, { secondunit: "host", frame: { nonsense: 1 } }, { secondunit: "host", frame: "x" }]) say(data);
  expect(posted).toEqual([]);
});

test("a server that is away is said, tried again, and forgotten when it is there", async () => {
  const { fake, inlet, posted } = bridged();
  const hears = new Map<string, () => void>();
  const loads: string[] = [];
  const said: string[] = [];
  const hidden = new Set<string>();
  const webview: Webview = {
    set src(url: string) {
      loads.push(url);
    },
    addEventListener: (kind, hear) => void hears.set(kind, hear),
    postMessage: (message, origin) => void posted.push({ message, origin }),
    classList: { toggle: (name, on) => (on ? hidden.add(name) : hidden.delete(name)) },
  };
  const pane = openPane({ server: SERVER, webview, inlet, host: hello(fake.premiere), desk: openDesk(fake.premiere), say: (what) => said.push(what) });
  hears.get("loaderror")?.();
  expect(hidden).toContain("hidden");
  pane.tell(create(HostContextSchema));
  expect(posted).toEqual([]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(loads).toEqual([`${SERVER}/`, `${SERVER}/`]);
  hears.get("loadstop")?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(loads).toHaveLength(2);
  expect(said).toEqual(["The server of Second Unit does not answer.", ""]);
  pane.tell(create(HostContextSchema));
  expect(posted).toHaveLength(1);
});

test("a change is told once, whether Premiere says it or only a look shows it", async () => {
  const fake = new FakePremiere();
  const told: number[] = [];
  const end = watchContext(fake.premiere, openDesk(fake.premiere), ({ playhead }) => void told.push(playhead));
  await vi.advanceTimersByTimeAsync(2000);
  expect(told).toEqual([0]);
  fake.state.playhead = 5n * PAL;
  await vi.advanceTimersByTimeAsync(400);
  expect(told).toEqual([0, 5]);
  fake.fire("selection"); // nothing that the panel is told has changed
  await vi.advanceTimersByTimeAsync(2000);
  expect(told).toEqual([0, 5]);
  fake.state.markers.push({ name: "", type: "Comment", start: 0n, duration: 0n, comments: "gen: bridge" });
  fake.fire("dirty");
  await vi.advanceTimersByTimeAsync(400);
  expect(told).toEqual([0, 5, 5]);
  fake.sequence = undefined;
  await vi.advanceTimersByTimeAsync(400);
  expect(told).toEqual([0, 5, 5, 0]);
  end();
  expect([...fake.events.values()].every((hears) => hears.size === 0)).toBe(true);
});

test("a code is paired for a token, and what the server says of a wrong one is shown", async () => {
  const asked: unknown[] = [];
  const answering = (said: object) => (url: string, how: { readonly body: string }) => {
    asked.push([url, JSON.parse(how.body)]);
    return Promise.resolve({ json: () => Promise.resolve(said) });
  };
  expect(await pair(SERVER, "123456", "Adobe Premiere 26.3", answering({ token: "sup_1_x" }))).toBe("sup_1_x");
  expect(asked).toEqual([[`${SERVER}/pair`, { code: "123456", name: "Adobe Premiere 26.3" }]]);
  await expect(pair(SERVER, "1", "", answering({ message: "that is not the code" }))).rejects.toThrow("that is not the code");
  await expect(pair(SERVER, "1", "", () => Promise.reject(new Error("refused")))).rejects.toMatchObject({ retryable: true });
});
