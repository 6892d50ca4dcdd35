// This gateway's cache of declared topics with schemas: every send is validated in memory.
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import type * as TopicSchema from '../domain/schemas/topic-schema.ts';
import { readRevisions, readSchemas, type TopicSchemas } from '../store/control/topics.ts';

export interface DeclaredTopicsParts {
  readonly database: Database;
  readonly logger: Logger;
  /** How often the declarations are polled, in case a notification was lost, in milliseconds; 0 disables polling. */
  readonly pollMs: number;
}

/** Content of an event as JSON text; null for parts that stay unchanged. */
export interface Content {
  readonly summary: string | null;
  readonly payload: string | null;
}

export class DeclaredTopics implements Stoppable {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #pollMs: number;
  #byName: ReadonlyMap<string, TopicSchemas> = new Map();
  /** Loaded once the first topic has a schema. Most gateways have none. */
  #schema: typeof TopicSchema | undefined;
  #queued: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor({ database, logger, pollMs }: DeclaredTopicsParts) {
    this.#database = database;
    this.#logger = logger;
    this.#pollMs = pollMs;
  }

  /** Resolves when all declarations are loaded. */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#pollMs > 0) this.#timer = setInterval(() => this.changed(), this.#pollMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  /** Whether any topic has a schema, so that the topic of an event matters. */
  get any(): boolean {
    return this.#byName.size > 0;
  }

  /** Throws TOPIC_SCHEMA_MISMATCH if the content does not match. A schema is compiled at first use. */
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

  /** Reloads: afterwards every declaration made before the call is known. */
  refresh(): Promise<void> {
    this.#queued ??= this.#last.then(() => {
      this.#queued = undefined;
      return this.#read();
    });
    this.#last = this.#queued.catch(() => {});
    return this.#queued;
  }

  /** Another gateway may have changed a declaration. */
  changed(): void {
    this.refresh().catch((error: unknown) => {
      this.#logger.warn({ err: asError(error) }, 'could not read declared topics; will retry');
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
    if (known.length + read.length > 0) this.#schema ??= await import('../domain/schemas/topic-schema.ts');
    this.#byName = new Map([...known, ...read].map((schemas) => [schemas.name, schemas]));
  }
}
