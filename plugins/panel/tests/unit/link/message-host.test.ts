import { create, toJson, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";

import { HostTrouble } from "../../../src/link/host";
import { messageHost, outletOf } from "../../../src/link/message-host";
import { AttachHostRequestSchema, SeekSchema } from "../../../src/proto/secondunit/v1/hosts_pb";

/** A window with a program around it that answers as it is told to. */
function around() {
  const heard: JsonObject[] = [];
  const ears = new Set<(event: MessageEvent) => void>();
  const say = (data: unknown): void => {
    for (const hear of ears) hear(new MessageEvent("message", { data }));
  };
  return {
    heard,
    say,
    frame: (frame: MessageInitShape<typeof AttachHostRequestSchema>) =>
      say({ secondunit: "panel", frame: toJson(AttachHostRequestSchema, create(AttachHostRequestSchema, frame)) }),
    window: {
      addEventListener: (_: "message", hear: (event: MessageEvent) => void) => void ears.add(hear),
      removeEventListener: (_: "message", hear: (event: MessageEvent) => void) => void ears.delete(hear),
    },
    outlet: { postMessage: (message: unknown) => void heard.push(message as JsonObject) },
  };
}

const HELLO = { frame: { case: "hello", value: { name: "Premiere", version: "26.5", protocol: 1 } } } as const;

describe("a host by messages", () => {
  it("is asked for with a knock, welcomed, and then asked for its context", async () => {
    const place = around();
    const link = messageHost(place.window, place.outlet);
    const stop = link.start();
    place.frame(HELLO);
    expect(link.hosts.value.map(({ name }) => name)).toEqual(["Premiere"]);
    expect(place.heard.map((message) => message["knock"] ?? Object.keys(message["frame"] as JsonObject)[0])).toEqual([
      true, "welcome", "request",
    ]);
    place.frame({ frame: { case: "reply", value: { id: "1", answer: { case: "context", value: { timeline: "Reel 2" } } } } });
    await vi.waitFor(() => expect(link.context.value?.timeline).toBe("Reel 2"));
    stop();
  });

  it("its refusal is an error with its remedy", async () => {
    const place = around();
    const link = messageHost(place.window, place.outlet);
    link.start();
    const asked = link.ask({ case: "seek", value: create(SeekSchema, { frame: 4 }) });
    place.frame({ frame: { case: "reply", value: { id: "1", answer: { case: "fault", value: { code: "MODAL", what: "A dialogue is open.", remedy: "Close it." } } } } });
    await expect(asked).rejects.toSatisfy((error) => error instanceof HostTrouble && error.fault.remedy === "Close it.");
  });

  it("what is no frame of ours is passed over", () => {
    const place = around();
    const link = messageHost(place.window, place.outlet);
    link.start();
    for (const data of [null, "hello", { secondunit: "host", frame: {} }, { secondunit: "panel", frame: { hello: 3 } }]) place.say(data);
    expect(link.hosts.value).toEqual([]);
  });

  it("a plain window has no program around it", () => {
    expect(outletOf({})).toBeUndefined();
  });
});
