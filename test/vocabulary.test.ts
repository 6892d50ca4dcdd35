// Holds the vocabulary: words that docs/glossary.md replaced appear in no code, comment, message, page or test title.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Each with the term to use. Add to the list what else is replaced. */
const replaced: readonly (readonly [words: RegExp, term: string])[] = [
  [/\bways?\b|\bway(Text|Queue)/i, 'consumer, or consumer definition'],
  [/\bterms of the question\b/i, 'consumer definition'],
  [/\b(sift(s|ed|ing)?|sieves?)\b/i, 'filter, or pre-filter'],
  [/\bdeal(s|t|ing)?\b/i, 'assign'],
  [/\bhandoffs?\b/i, 'direct delivery'],
  [/\bbeforehand\b/i, 'in advance; of jobs: direct delivery'],
  [/\bwho waits?\b|\bwaiters?\b/i, 'waiting call'],
  [/\bwho asks?\b/i, 'caller'],
  [/\bwhat is asked\b/i, 'request, or query'],
  [/\b(is|are|was|were|been) told\b|\btells the others\b/i, 'notify, wake, report or return'],
  [/\boverhear/i, 'notify'],
  [/\bfailed for good\b/i, 'exhausted, or dead-lettered'],
  [/\b(comes?|came) again\b/i, 'is delivered again'],
  [/\bstays? away\b/i, 'visibility timeout'],
  [/\bheld back\b|\bheldSender\b/i, 'scheduled'],
  [/\bpreludes?\b/i, 'catch-up'],
  [/\blet go\b/i, 'buffer overflow; of locks: release'],
  [/\bturnstiles?\b/i, 'mutex'],
  [/\btickers?\b/i, 'scheduler'],
  [/\b(gave|gives?|giving) up\b/i, 'scan limit, or stop'],
  [/\bone clear line\b/i, 'startup error'],
  [/\bstands? at\b|\bsettled to\b/i, 'position'],
];

/** Plain English with none of the meanings above. */
const idioms = /\b(under|half|one|either|this|same|no|along the|on (its|their|the)|in (the|its)) ?-?way\b/gi;

/** What a reader reads. The log of changes quotes earlier names. */
const roots = [
  ...['src', 'docs', 'examples', 'bench', 'scripts', 'prisma', 'test'],
  ...['README.md', 'CONTRIBUTING.md', 'schema.graphql'],
];
const skipped = /(^|\/)(node_modules|generated|dist)(\/|$)/;
const read = /\.(ts|mjs|md|prisma|graphql)$/;

function filesBelow(path: string): string[] {
  if (skipped.test(path)) return [];
  if (!statSync(path).isDirectory()) return read.test(path) ? [path] : [];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

/** As `file:line: "words": use term`. */
function oldWordsOf(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, n) => {
    const rest = line.replace(idioms, '');
    return replaced.flatMap(([words, term]) => {
      const [found] = words.exec(rest) ?? [];
      return found === undefined ? [] : [`${file}:${n + 1}: "${found}": use ${term}`];
    });
  });
}

describe('The vocabulary', () => {
  it('is kept: no replaced word is left', () => {
    const files = roots.flatMap(filesBelow).filter((file) => file !== 'test/vocabulary.test.ts');
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => oldWordsOf(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  it.each([
    'A way of asking reads the log.',
    'wakes who waits',
    'The sender is told.',
    'sift',
    'Events are held back.',
  ])('refuses "%s"', (line) => {
    expect(oldWordsOf('page.md', line)).toHaveLength(1);
  });

  it.each(['A flush is under way.', 'A message on its way', 'Gateways share a database.'])(
    'allows "%s"',
    (line) => {
      expect(oldWordsOf('page.md', line)).toEqual([]);
    },
  );
});
