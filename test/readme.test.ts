// Holds the README against the code: its tables say what the program does.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '../src/base/errors.ts';
import { limits } from '../src/base/limits.ts';
import { defaults } from '../src/config.ts';
import { closeCodes } from '../src/http/close-codes.ts';

const readme = readFileSync('README.md', 'utf8');

/** The rows of the tables under a heading, without the heads, as lists of cells. */
function rowsUnder(heading: string): string[][] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => line.slice(2, -2).split(' | '));
}

describe('The README', () => {
  it('lists every error code with its status, meaning and remedy, and no other', () => {
    const rows = rowsUnder('Errors').filter(([code]) => code?.startsWith('`'));
    const expected = Object.entries(errorCatalogue).map(([code, { status, meaning, remedy }]) => [
      `\`${code}\``,
      String(status),
      meaning,
      remedy,
    ]);
    expect(rows).toEqual(expected);
  });

  it('lists every code with which a WebSocket is closed, and no other', () => {
    const codes = rowsUnder('Errors').map(([code]) => Number(code));
    expect(codes.filter((code) => code > 0)).toEqual(Object.values(closeCodes));
  });

  it('lists every limit with its value, and no other', () => {
    const rows = rowsUnder('Limits').filter(([name]) => name?.startsWith('`'));
    const expected = Object.entries(limits).map(([name, value]) => [
      `\`${name}\``,
      value.toLocaleString('en-US'),
    ]);
    expect(rows.map(([name, value]) => [name, value])).toEqual(expected);
  });

  it('tells the defaults of the settings', () => {
    const settings = Object.fromEntries(rowsUnder('Settings').map(([name, , value]) => [name, value]));
    expect(settings).toMatchObject({
      '`PORT`, `HOST`': `${defaults.port}, ${defaults.host}`,
      '`DATABASE_URL`': defaults.databaseUrl ?? 'none',
      '`THROUGHLINE_DATA`': `\`${defaults.dataFolder}\``,
      '`THROUGHLINE_ADMIN_KEY`': defaults.adminKey ?? 'none',
      '`THROUGHLINE_LOG_LEVEL`': defaults.logLevel,
      '`THROUGHLINE_MAX_BODY_BYTES`': String(defaults.maxBodyBytes),
      '`THROUGHLINE_MAX_CONNECTIONS`': String(defaults.maxConnections),
      '`THROUGHLINE_MAX_CONNECTIONS_PER_ADDRESS`': String(defaults.maxConnectionsPerAddress),
    });
  });
});
