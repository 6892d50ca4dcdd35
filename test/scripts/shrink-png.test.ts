// The pictures of the console are made small without a change that one sees.
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shrinkPng } from '../../scripts/shrink-png.ts';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** Each row is stored as differences from the pixels on its left, or from the row above. */
function pngOf(width: number, pixels: readonly number[], filters: readonly (0 | 1 | 2)[]): Buffer {
  const height = pixels.length / width;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const byteAt = (row: number, x: number) =>
    row < 0 || x < 0 ? 0 : (pixels[row * width + Math.floor(x / 3)]! >> (16 - 8 * (x % 3))) & 255;
  const rows = Array.from({ length: height }, (_, row) => {
    const filter = filters[row % filters.length]!;
    const from = (x: number) => [0, byteAt(row, x - 3), byteAt(row - 1, x)][filter]!;
    const bytes = Array.from({ length: width * 3 }, (__, x) => (byteAt(row, x) - from(x)) & 255);
    return Buffer.from([filter, ...bytes]);
  });
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function coloursOf(png: Buffer, width: number): number[] {
  const dataOf = (type: string) => {
    const at = png.indexOf(type, 8, 'latin1');
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  };
  const palette = dataOf('PLTE');
  const rows = inflateSync(dataOf('IDAT'));
  return [...rows].flatMap((index, at) => (at % (width + 1) === 0 ? [] : [palette.readUIntBE(index * 3, 3)]));
}

test('A picture of at most 256 colours keeps each pixel', () => {
  const colours = fc.integer({ min: 0, max: 0xffffff });
  fc.assert(
    fc.property(
      fc.array(colours, { minLength: 8, maxLength: 48 }),
      fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 4 }),
      (pixels, filters) => {
        const whole = pixels.slice(0, pixels.length - (pixels.length % 4));
        expect(coloursOf(shrinkPng(pngOf(4, whole, filters)), 4)).toEqual(whole);
      },
    ),
  );
});

test('A colour beyond them becomes one that is near', () => {
  const pixels = Array.from({ length: 600 }, (_, index) => (index < 300 ? index : index - 300));
  for (const [index, colour] of coloursOf(shrinkPng(pngOf(4, pixels, [0])), 4).entries())
    expect(colour).toBe(pixels[index]! & 255);
});
