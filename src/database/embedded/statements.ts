// Runs statements on PGlite. Named ones are prepared, since parsing and planning take longer than execution for a few
// rows.
import { parse, type PGlite, protocol, types } from '@electric-sql/pglite';
import type { Statement } from '../database.ts';
import { jsonbArrayType } from '../json-array.ts';
import { type PlanMode, planModeOf, settingOf } from '../planner.ts';

export interface StatementResult {
  readonly rows: object[];
  /** The command tag of Postgres, such as SELECT or INSERT. */
  readonly command?: string;
}

/** Values in Postgres' binary format are sent unchanged. */
const serializers: PGlite['serializers'] = { [jsonbArrayType]: (bytes) => bytes as never };
const asText = (text: string): string => text;
const jsonAsText: PGlite['parsers'] = { [types.JSON]: asText, [types.JSONB]: asText };
const { serialize } = protocol;

/** Must be called for one statement at a time. */
export class EmbeddedStatements {
  readonly #pglite: PGlite;
  /** Parameter types of prepared statements, by name. */
  readonly #prepared = new Map<string, readonly number[]>();
  /** Undefined if unknown. */
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

  /** A rollback also reverts settings made in the transaction. */
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

  /** Ends with a Sync, so that the connection is usable after a failure. */
  #exchange(messages: readonly Uint8Array[]): ReturnType<PGlite['execProtocolStream']> {
    return this.#pglite.execProtocolStream(Buffer.concat([...messages, serialize.sync()]));
  }

  #serialized(value: unknown, type: number): string | null {
    if (value === null || value === undefined) return null;
    const serializer = serializers[type] ?? this.#pglite.serializers[type];
    return serializer ? serializer(value) : String(value);
  }
}
