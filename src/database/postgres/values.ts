// Conversions of Postgres values to JavaScript for the `pg` driver, without changing its global settings.
import pg from 'pg';

const int8 = 20;
const timestamptz = 1184;
const int8Array = 1016;
const textArray = 1009;
const json = 114;
const jsonb = 3802;

type Parser = (text: string) => unknown;

function parseInt8Array(text: string): (bigint | null)[] {
  const parse: (text: string) => (string | null)[] = pg.types.getTypeParser(textArray as never, 'text');
  return parse(text).map((item) => (item === null ? null : BigInt(item)));
}

const parseAnyTime: (text: string) => unknown = pg.types.getTypeParser(timestamptz, 'text');

/** Parses UTC times of years with four digits; the driver parses others, in twice the time. */
export function parseTime(text: string): unknown {
  const isUsual = text[4] === '-' && text[10] === ' ' && text.endsWith('+00');
  return isUsual ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`) : parseAnyTime(text);
}

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [int8, BigInt],
  [int8Array, parseInt8Array],
  [timestamptz, parseTime],
]);

/** For a client's `types`: 64-bit integers as bigint, faster times, everything else as `pg` does. */
export const exactTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

const asText: Parser = (text) => text;

/** The same, with `json` and `jsonb` as text. */
export const exactTypesWithJsonText: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === json || oid === jsonb
      ? asText
      : exactTypes.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};
