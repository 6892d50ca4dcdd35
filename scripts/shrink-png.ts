// Makes a screenshot small: at most 256 colours, which is what pages have but for the edges of letters.
import { constants, crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const mostColours = 256;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly rgb: Buffer;
}

/** Takes a PNG of 8 bits per channel with or without alpha, as Chromium writes it; alpha is dropped. */
export function shrinkPng(png: Buffer): Buffer {
  const pixels = decode(png);
  const { palette, indexes } = reduce(pixels);
  return encode(pixels, palette, indexes);
}

function chunksOf(png: Buffer): { type: string; data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function decode(png: Buffer): Pixels {
  const chunks = chunksOf(png);
  const head = chunks[0]!.data;
  const [width, height, depth, kind] = [head.readUInt32BE(0), head.readUInt32BE(4), head[8], head[9]];
  if (depth !== 8 || (kind !== 2 && kind !== 6)) throw new Error('Only PNG of 8 bits in RGB or RGBA.');
  const channels = kind === 2 ? 3 : 4;
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const rows = unfilter(inflateSync(packed), width * channels, channels);
  const rgb = Buffer.alloc(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1)
    rows.copy(rgb, pixel * 3, pixel * channels, pixel * channels + 3);
  return { width, height, rgb };
}

/** Each row was stored as differences, in the manner that its first byte names. */
function unfilter(raw: Buffer, stride: number, channels: number): Buffer {
  const rows = Buffer.alloc((raw.length / (stride + 1)) * stride);
  for (let row = 0; row * stride < rows.length; row += 1) {
    const filter = raw[row * (stride + 1)]!;
    for (let x = 0; x < stride; x += 1) {
      const at = row * stride + x;
      const left = x >= channels ? rows[at - channels]! : 0;
      const above = row > 0 ? rows[at - stride]! : 0;
      const corner = x >= channels && row > 0 ? rows[at - stride - channels]! : 0;
      rows[at] = raw[row * (stride + 1) + 1 + x]! + predicted(filter, left, above, corner);
    }
  }
  return rows;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((each) => Math.abs(estimate - each));
  if (toLeft! <= toAbove! && toLeft! <= toCorner!) return left;
  return toAbove! <= toCorner! ? above : corner;
}

/** The most frequent colours stay; each other one becomes the nearest of them. */
function reduce({ rgb }: Pixels): { palette: readonly number[]; indexes: Buffer } {
  const counts = new Map<number, number>();
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = rgb.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)!);
  const palette = byCount.slice(0, mostColours);
  const indexOf = new Map(byCount.map((colour) => [colour, nearest(palette, colour)]));
  const indexes = Buffer.alloc(rgb.length / 3);
  for (let pixel = 0; pixel < indexes.length; pixel += 1)
    indexes[pixel] = indexOf.get(rgb.readUIntBE(pixel * 3, 3))!;
  return { palette, indexes };
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0;
  let least = Infinity;
  for (const [index, candidate] of palette.entries()) {
    const distance = [16, 8, 0].reduce(
      (sum, shift) => sum + (((candidate >> shift) & 255) - ((colour >> shift) & 255)) ** 2,
      0,
    );
    if (distance >= least) continue;
    best = index;
    least = distance;
  }
  return best;
}

function encode({ width, height }: Pixels, palette: readonly number[], indexes: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8);
  const colours = Buffer.alloc(palette.length * 3);
  for (const [index, colour] of palette.entries()) colours.writeUIntBE(colour, index * 3, 3);
  const rows = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1)
    indexes.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width);
  const data = deflateSync(rows, { level: constants.Z_BEST_COMPRESSION });
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
