// The statements of the embedded database: those with a name are parsed and planned once, which takes it longer than to carry
// them out for a few rows.
import { parse, type PGlite, protocol, types } from '@electric-sql/pglite';
import type { Statement } from '../database.ts';
import { jsonbArrayType } from '../json-array.ts';
import { type PlanMode, planModeOf, settingOf } from '../planner.ts';

export interface StatementResult {
  readonly rows: object[];
  /** Postgres' word for what it did, such as SELECT or INSERT. */
  readonly command?: string;
}

/** What is in Postgres' binary form is sent as it is. */
const serializers: PGlite['serializers'] = { [jsonbArrayType]: (bytes) => bytes as never };
const asText = (text: string): string => text;
const jsonAsText: PGlite['parsers'] = { [types.JSON]: asText, [types.JSONB]: asText };
const { serialize } = protocol;

/** Asked for one thing after the other, each when the one before has been answered. */
export class EmbeddedStatements {
  readonly #pglite: PGlite;
  /** The types of the parameters of those that are known to the database, by name. */
  readonly #prepared = new Map<string, readonly number[]>();
  /** Undefined where it can not be known. */
  #mode: PlanMode | undefined;

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  async query(statement: Statement): Promise<StatementResult> {
    const { text, values, name, json } = statement;
    await this.#plan(planModeOf(statement));
    if (name === undefined) {
      const parsers = json === 'text' ? jsonAsText : {};
      return this.#pglite.query<object>(text, [...values], { serializers, parsers });
    }
    const parameterTypes = this.#prepared.get(name) ?? (await this.#prepare(name, text));
    const bound = values.map((value, n) => this.#serialized(value, parameterTypes[n]!));
    const messages = await this.#exchange([
      serialize.bind({ statement: name, values: bound }),
      serialize.describe({ type: 'P' }),
      serialize.execute(),
    ]);
    return parse.parseResults(messages, this.#pglite.parsers)[0]!;
  }

  /** A transaction was rolled back, and with it what was set in it. */
  rolledBack(): void {
    this.#mode = undefined;
  }

  async #plan(mode: PlanMode): Promise<void> {
    if (this.#mode === mode) return;
    this.#mode = undefined;
    await this.#pglite.exec(settingOf(mode));
    this.#mode = mode;
  }

  async #prepare(name: string, text: string): Promise<readonly number[]> {
    const messages = await this.#exchange([
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
    ]);
    const parameterTypes = parse.parseDescribeStatementResults(messages);
    this.#prepared.set(name, parameterTypes);
    return parameterTypes;
  }

  /** Ends with a Sync: also where one fails, the database is ready for what comes next. */
  #exchange(messages: readonly Uint8Array[]): ReturnType<PGlite['execProtocolStream']> {
    return this.#pglite.execProtocolStream(Buffer.concat([...messages, serialize.sync()]));
  }

  #serialized(value: unknown, type: number): string | null {
    if (value === null || value === undefined) return null;
    const serializer = serializers[type] ?? this.#pglite.serializers[type];
    return serializer ? serializer(value) : String(value);
  }
}
