/** Frames of AttachHost that come in, as JSON of whoever speaks there. */
import { fromJson, type JsonValue } from "@bufbuild/protobuf";

import { AttachHostResponseSchema, type AttachHostResponse } from "../../panel/src/proto/secondunit/v1/hosts_pb";

/** A frame; what is none, or another version's, is not heard. */
export function frameIn(json: JsonValue | undefined): AttachHostResponse["frame"] {
  if (json === undefined) return { case: undefined };
  try {
    return fromJson(AttachHostResponseSchema, json, { ignoreUnknownFields: true }).frame;
  } catch {
    return { case: undefined };
  }
}

/** The JSON of a text. Undefined: it is none. */
export function jsonIn(text: unknown): JsonValue | undefined {
  try {
    return typeof text === "string" ? (JSON.parse(text) as JsonValue) : undefined;
  } catch {
    return undefined;
  }
}
