// Encodes JSON texts as one `jsonb[]` in Postgres' binary format, without escaping.

/** Type numbers of Postgres. */
const jsonbType = 3802;
export const jsonbArrayType = 3807;

/** Dimensions, null flag, item type, item count, lower bound. */
const headBytes = 20;
/** Item length and jsonb version. */
const itemHeadBytes = 5;
const jsonbVersion = 1;

/** A parameter of type `jsonb[]`. Items are numbered from 1; null is SQL NULL. At least one item is required. */
export function jsonArray(texts: readonly (string | null)[]): Uint8Array {
  const lengths = texts.map((text) => (text === null ? 0 : itemHeadBytes + Buffer.byteLength(text)));
  const nulls = 4 * texts.filter((text) => text === null).length;
  const bytes = Buffer.allocUnsafe(headBytes + nulls + lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const number of [1, nulls > 0 ? 1 : 0, jsonbType, texts.length, 1])
    at = bytes.writeInt32BE(number, at);
  for (const [n, text] of texts.entries()) {
    at = bytes.writeInt32BE(text === null ? -1 : lengths[n]! - 4, at);
    if (text === null) continue;
    at = bytes.writeUInt8(jsonbVersion, at);
    at += bytes.write(text, at);
  }
  return bytes;
}
