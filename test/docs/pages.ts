// The pages of the documentation, as they lie in the repository.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, blocksOf } from './blocks.ts';

export interface Page {
  readonly path: string;
  readonly markdown: string;
  readonly blocks: readonly Block[];
}

const inDocs = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file));

export const pages: readonly Page[] = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...inDocs.sort()].map(
  (path) => {
    const markdown = readFileSync(path, 'utf8');
    return { path, markdown, blocks: blocksOf(path, markdown) };
  },
);
