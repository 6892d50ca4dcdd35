// The declared topics that have schemas, as this gateway knows them: every send is checked against them in memory.
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import type * as TopicSchema from '../domain/topic-schema.ts';
import { readRevisions, readSchemas, type TopicSchemas } from '../store/topics.ts';

export interface DeclaredTopicsParts {
  readonly database: Database;
  readonly logger: Logger;
  /** How often it looks for what it was not told of, in milliseconds; 0 for never. */
  readonly pollMs: number;
}

/** What an event is to hold, as JSON text; null where that stays as it is. */
export interface Content {
  readonly summary: string | null;
  readonly payload: string | null;
}

export class DeclaredTopics implements Stoppable {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #pollMs: number;
  #byName: ReadonlyMap<string, TopicSchemas> = new Map();
  /** Loaded when the first topic has a schema: most gateways start without. */
  #schema: typeof TopicSchema | undefined;
  #queued: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor({ database, logger, pollMs }: DeclaredTopicsParts) {
    this.#database = database;
    this.#logger = logger;
    this.#pollMs = pollMs;
  }

  /** Knows all when it resolves. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#pollMs > 0) this.#timer = setInterval(() => this.changed(), this.#pollMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  /** Whether any topic has a schema, so that it matters which topic an event has. */
  get any(): boolean {
    return this.#byName.size > 0;
  }

  /** Throws TOPIC_SCHEMA_MISMATCH where the content does not fit. A schema is compiled for the first that it is for. */
  check(topic: string, content: Content): void {
    const schemas = this.#byName.get(topic);
    if (schemas === undefined || this.#schema === undefined) return;
    const { checkFits, compiled } = this.#schema;
    for (const field of ['summary', 'payload'] as const) {
      const schema = schemas[field];
      const text = content[field];
      if (schema !== null && text !== null) checkFits(topic, field, compiled(schema), JSON.parse(text));
    }
  }

  /** Knows when it resolves all that was declared before the call. */
  refresh(): Promise<void> {
    this.#queued ??= this.#last.then(() => {
      this.#queued = undefined;
      return this.#read();
    });
    this.#last = this.#queued.catch(() => {});
    return this.#queued;
  }

  /** Something was declared at another gateway, perhaps. */
  changed(): void {
    this.refresh().catch((error: unknown) => {
      this.#logger.warn({ err: asError(error) }, 'declared topics could not be read; they are read again');
    });
  }

  async #read(): Promise<void> {
    const revisions = await readRevisions(this.#database);
    const known = revisions.flatMap(({ name, revision }) => {
      const schemas = this.#byName.get(name);
      return schemas?.revision === revision ? [schemas] : [];
    });
    const names = new Set(known.map(({ name }) => name));
    const others = revisions.filter(({ name }) => !names.has(name)).map(({ name }) => name);
    const read = others.length > 0 ? await readSchemas(this.#database, others) : [];
    if (known.length + read.length > 0) this.#schema ??= await import('../domain/topic-schema.ts');
    this.#byName = new Map([...known, ...read].map((schemas) => [schemas.name, schemas]));
  }
}
