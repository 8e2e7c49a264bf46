/** Bytes that the server is to read: masks and keyframes, named by their SHA-256. */
import { create } from "@bufbuild/protobuf";

import { BlobService } from "../proto/secondunit/v1/blobs_pb";
import { DigestSchema, type Digest } from "../proto/secondunit/v1/units_pb";
import type { Session } from "./session";

const CHUNK = 512 * 1024;

/** Said where the page is neither on this machine nor secured: browsers then have no SHA-256. */
export const NO_DIGEST =
  "This page was opened without https from another machine, and so the browser lets it send no " +
  "pictures. Open it on the server's own machine, or have the operator secure the bridge.";

/** The bytes' name; they are on the server when this returns. */
export async function upload(session: Session, bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  const digest = await digestOf(bytes);
  const client = session.client(BlobService);
  const { missing } = await client.findMissingBlobs({ digests: [digest] });
  if (missing.length === 0) return digest;
  const uploadId = crypto.randomUUID();
  let offset = 0;
  do {
    const data = bytes.subarray(offset, offset + CHUNK);
    const finish = offset + data.length >= bytes.length;
    await client.writeBlobChunk({ uploadId, digest, offset: BigInt(offset), data, finish });
    offset += data.length;
  } while (offset < bytes.length);
  return digest;
}

/** Where the browser fetches a blob; the session's cookie lets it in. */
export function addressOf(session: Session, blob: Digest): string {
  return `${session.base}/blobs/${blob.sha256}-${blob.sizeBytes}`;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Digest> {
  // Absent outside secure contexts, whatever the type says.
  const subtle = (globalThis.crypto as { subtle?: SubtleCrypto }).subtle;
  if (subtle === undefined) throw new Error(NO_DIGEST);
  const hash = new Uint8Array(await subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return create(DigestSchema, { sha256, sizeBytes: BigInt(bytes.length) });
}
