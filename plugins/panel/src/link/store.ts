/** Where painted pictures are kept: on the server, by their contents. */
import { create } from "@bufbuild/protobuf";

import { FileSchema, type File } from "../proto/secondunit/v1/units_pb";
import { addressOf, upload } from "./blobs";
import type { Session } from "./session";

export interface Store {
  put(picture: Blob): Promise<File>;
  get(file: File): Promise<Blob>;
}

export function store(session: Session): Store {
  return {
    put: async (picture) => {
      const blob = await upload(session, new Uint8Array(await picture.arrayBuffer()));
      return create(FileSchema, { source: { case: "blob", value: blob } });
    },
    get: async ({ source }) => {
      if (source.case !== "blob") throw new Error("This mask is a file of the server's; it is used as it is.");
      const answer = await fetch(addressOf(session, source.value), {
        headers: { authorization: `Bearer ${session.token}` },
      });
      if (!answer.ok) throw new Error("The server has this picture no longer.");
      return answer.blob();
    },
  };
}
