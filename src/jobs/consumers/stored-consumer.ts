// A consumer as it is stored: opened at its first use, and kept up to date while gateways change it.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';
import { type ConsumerDefinition, type ConsumerStart, definitionText } from '../../domain/jobs/enroll.ts';
import { type Flow, flowOf, storedFlow } from '../../domain/jobs/flow.ts';
import { type ConsumerState, openConsumer, saveFlow, savePosition } from '../../store/jobs/consumers.ts';

/** Who creates a consumer, and where it begins if it is new. */
export interface Creation {
  /** The name of the key. */
  readonly name: string;
  readonly key: string | null;
  readonly start: ConsumerStart;
}

const most = { perKey: limits.consumersPerKey, inAll: limits.consumers };

export class StoredConsumer {
  readonly #database: Database;
  readonly #definition: ConsumerDefinition;
  readonly #creation: Creation;
  #state: ConsumerState | undefined;

  constructor(database: Database, definition: ConsumerDefinition, creation: Creation) {
    this.#database = database;
    this.#definition = definition;
    this.#creation = creation;
  }

  /** Runs of handlers are not stored as consumers: their queue has no position, and handlers have a switch of their own. */
  get isStored(): boolean {
    return this.#definition.isQueue || this.#definition.topics.length > 0;
  }

  get isPaused(): boolean {
    return this.#state?.isPaused ?? false;
  }

  get flow(): Flow {
    return flowOf(this.#state?.flow ?? null);
  }

  /** Other gateways take it over within a second. */
  async setFlow(flow: Flow): Promise<void> {
    const text = storedFlow(flow);
    if (this.#state === undefined || text === storedFlow(this.flow)) return;
    await saveFlow(this.#database, this.#definition.consumerId, text, null);
    this.#state = { ...this.#state, flow };
  }

  get targets(): readonly string[] {
    return this.#state?.targets ?? [this.#definition.target];
  }

  /** Resolves with its position at the first call, and with null at later ones. */
  async open(): Promise<Position | null> {
    if (this.#state !== undefined || !this.isStored) return null;
    const { id, consumerId, name, target, rows } = this.#definition;
    const { name: owner, key, start } = this.#creation;
    const definition = definitionText(this.#definition);
    const draft = { id: consumerId, definitionId: id, name, definition, target, owner, key, rows, start };
    this.#state = await openConsumer(this.#database, draft, most);
    return this.#state.position;
  }

  /** Stores nothing if the consumer was moved or deleted meanwhile. */
  async save(position: Position): Promise<void> {
    if (this.#state === undefined) return;
    await savePosition(this.#database, this.#definition.id, this.#state.generation, position);
  }

  /** Takes over what is stored now; undefined: it was deleted, and is opened again. Resolves whether it was moved or deleted. */
  update(stored: ConsumerState | undefined): boolean {
    const known = this.#state;
    if (known === undefined) return false;
    const isMoved = stored?.generation !== known.generation;
    this.#state = isMoved ? undefined : stored;
    return isMoved;
  }
}
