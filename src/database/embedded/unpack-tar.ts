// Unpacks a tar archive into a folder. Supports what PGlite's dumps contain: files and folders.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const block = 512;

/** Throws if the archive is truncated, or a name leads outside the folder. */
export async function unpackTar(archive: Uint8Array, folder: string): Promise<void> {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + block);
    const size = Number.parseInt(textOf(header, 124, 12), 8);
    const path = pathOf(header, folder);
    const content = bytes.subarray(at + block, at + block + size);
    if (content.length !== size) throw new Error('the archive is truncated');
    if (header.toString('latin1', 156, 157) === '5') await mkdir(path, { recursive: true, mode: 0o700 });
    else {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, content, { mode: 0o600 });
    }
    at += block + Math.ceil(size / block) * block;
  }
}

function pathOf(header: Buffer, folder: string): string {
  const prefix = textOf(header, 345, 155);
  const name = prefix === '' ? textOf(header, 0, 100) : `${prefix}/${textOf(header, 0, 100)}`;
  const path = join(folder, name);
  if (path !== folder && !path.startsWith(join(folder, '/')))
    throw new Error(`the archive has a name outside the folder: ${name}`);
  return path;
}

/** Up to the first NUL. */
function textOf(header: Buffer, from: number, length: number): string {
  return header
    .toString('utf8', from, from + length)
    .split('\0', 1)[0]!
    .trim();
}
