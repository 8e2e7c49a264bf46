/** UTF-8, which Premiere's UXP lacks and the protocol's library wants. Imported before all else. */

/** The bytes of a text; half of a surrogate pair becomes U+FFFD. */
export function encode(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const letter of text) {
    let code = letter.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), rest(code, 0));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), rest(code, 6), rest(code, 0));
    else bytes.push(0xf0 | (code >> 18), rest(code, 12), rest(code, 6), rest(code, 0));
  }
  return new Uint8Array(bytes);
}

/** The text of bytes. Throws for what is no UTF-8 when `strict`; else it becomes U+FFFD. */
export function decode(bytes: Uint8Array, strict = false): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at] ?? 0;
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
    const following = bytes.subarray(at + 1, at + 1 + more);
    const broken = first >= 0x80 && (first < 0xc2 || first > 0xf4);
    if (broken || following.length < more || following.some((byte) => byte >> 6 !== 2)) {
      if (strict) throw new TypeError("these bytes are no UTF-8");
      text += "\ufffd";
      at += 1;
      continue;
    }
    let code = more === 0 ? first : first & (0x3f >> more);
    for (const byte of following) code = (code << 6) | (byte & 0x3f);
    text += code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
    at += 1 + more;
  }
  return text;
}

function rest(code: number, shift: number): number {
  return 0x80 | ((code >> shift) & 0x3f);
}

class Encoder {
  encode(text: string): Uint8Array<ArrayBuffer> {
    return encode(text);
  }
}

class Decoder {
  readonly #strict: boolean;

  constructor(_label?: string, given?: { readonly fatal?: boolean }) {
    this.#strict = given?.fatal ?? false;
  }

  decode(bytes: Uint8Array): string {
    return decode(bytes, this.#strict);
  }
}

const world = globalThis as { TextEncoder?: unknown; TextDecoder?: unknown };
world.TextEncoder ??= Encoder;
world.TextDecoder ??= Decoder;
