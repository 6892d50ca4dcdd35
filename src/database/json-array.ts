// JSON texts as one `jsonb[]`, in the binary form of Postgres: nothing is escaped on the way and taken apart again there.

/** Postgres' numbers of the types. */
const jsonbType = 3802;
export const jsonbArrayType = 3807;

/** Dimensions, whether there are nulls, the type of the items; their count, and the number of the first. */
const headBytes = 20;
/** Its length, and the version of the form. */
const itemHeadBytes = 5;
const jsonbVersion = 1;

/** The value of a parameter of type `jsonb[]`; items are numbered from 1, and null is SQL's. At least one is needed. */
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
