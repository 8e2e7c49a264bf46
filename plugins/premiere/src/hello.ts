/** How this Premiere presents itself: what it can do is asked of the program, never of its version. */
import { create } from "@bufbuild/protobuf";

import { HostAbility, HostKind, HostSchema, type Host } from "../../panel/src/proto/secondunit/v1/hosts_pb";
import type { Premiere } from "./host";
import { writersOf } from "./verbs/timeline";

const PROTOCOL = 1;

export function hello(premiere: Premiere): Host {
  const { app, version } = premiere;
  const has = (part: object | undefined, name: string): boolean =>
    part !== undefined && typeof (part as Readonly<Record<string, unknown>>)[name] === "function";
  const ledger = has(app.Properties, "getProperties");
  const abilities: (readonly [HostAbility, boolean])[] = [
    [HostAbility.SELECTION, true],
    [HostAbility.MARKS, true],
    [HostAbility.EXPORT_FRAME, has(app.Exporter, "exportSequenceFrame")],
    [HostAbility.PLACE, has(app.SequenceEditor, "getEditor") && ledger],
    [HostAbility.TAKES, has(app.SequenceEditor, "getEditor") && ledger],
    [HostAbility.MARKERS, has(app.Markers, "getMarkers")],
    [HostAbility.UNDO, true],
    [HostAbility.REMOVE, ledger],
    [HostAbility.EXPORT_TIMELINE, writersOf(premiere).has("otio")],
    [HostAbility.SEEK, true],
    [HostAbility.EVENTS, has(app.EventManager, "addGlobalEventListener")],
    [HostAbility.AUDITION, has(app.SourceMonitor, "openFilePath")],
  ];
  const limits = [
    "Premiere does not tell plugins which tracks are locked. Nothing is placed on a locked track; unlock it first.",
    "Undo takes back what was placed, but not another take that is shown in the same clip: choose the first take again.",
  ];
  if (!writersOf(premiere).has("otio")) {
    limits.push(
      `Premiere ${version} writes no OpenTimelineIO for plugins (26.2 does). Export it by hand: File > Export > OpenTimelineIO.`,
    );
  }
  return create(HostSchema, {
    kind: HostKind.PREMIERE,
    name: "Adobe Premiere",
    version,
    protocol: PROTOCOL,
    abilities: abilities.filter(([, able]) => able).map(([ability]) => ability),
    limits,
  });
}
