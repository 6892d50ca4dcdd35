// How values of Postgres become JavaScript's on the `pg` driver, without touching its global settings.
import pg from 'pg';

const int8 = 20;
const int8Array = 1016;
const textArray = 1009;

type Parser = (text: string) => unknown;

function parseInt8Array(text: string): (bigint | null)[] {
  const parse: (text: string) => (string | null)[] = pg.types.getTypeParser(textArray as never, 'text');
  return parse(text).map((item) => (item === null ? null : BigInt(item)));
}

const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [int8, BigInt],
  [int8Array, parseInt8Array],
]);

/** For a client's `types`: 64-bit integers as bigint, everything else as `pg` does. */
export const exactTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    parsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};
