// Figures for operators: the system, the rate of events, and failures by topic and error.
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import type { PartialEvent, Position } from '../../domain/events/event.ts';
import { readStoredFigures, type StoredFigures } from '../../store/figures/database-figures.ts';
import { type FailureGroupRow, readFailureGroups } from '../../store/figures/failures.ts';
import type { Gateway } from '../../store/figures/gateways.ts';
import type { Asker } from '../callers.ts';
import { type EventRate, eventRate, type RateQuery } from './event-rate.ts';
import type { GatewayPresence } from './gateway-presence.ts';

export type { Gateway } from '../../store/figures/gateways.ts';

export interface DatabaseFigures extends Pick<
  StoredFigures,
  'sizeBytes' | 'deadRowShare' | 'oldestTransactionSeconds'
> {
  readonly kind: Database['kind'];
  /** Writes that wait at this gateway. */
  readonly writeQueue: number;
}

export interface SystemFigures {
  readonly position: Position;
  /** The first position that the log still has; 0 if it is empty. */
  readonly oldestPosition: Position;
  readonly gateways: readonly Gateway[];
  readonly database: DatabaseFigures;
}

/** Failed events of one topic with the same error. */
export interface FailureGroup extends Omit<FailureGroupRow, 'sampleId'> {
  /** The latest of them. */
  readonly sample: PartialEvent;
}

export interface FigureOperations {
  system(): Promise<SystemFigures>;
  eventRate(query: RateQuery, caller?: Asker): Promise<readonly EventRate[]>;
  /** The largest groups first. */
  failures(from: Date | null, first: number, caller?: Asker): Promise<readonly FailureGroup[]>;
}

export interface FigureParts {
  readonly database: Database;
  readonly presence: Pick<GatewayPresence, 'list'>;
  /** The log writer. */
  readonly writer: { readonly waiting: number };
}

export function createFigureOperations({ database, presence, writer }: FigureParts): FigureOperations {
  return {
    system: async () => {
      const [stored, gateways] = await Promise.all([readStoredFigures(database), presence.list()]);
      const { position, oldestPosition, ...figures } = stored;
      return {
        position,
        oldestPosition,
        gateways,
        database: { ...figures, kind: database.kind, writeQueue: writer.waiting },
      };
    },
    eventRate: (query, caller) => eventRate(database, query, caller),
    failures: async (from, first, caller) => {
      if (first < 0 || first > limits.failureGroups)
        throw badInput(`first is ${first}; 0 to ${limits.failureGroups} are allowed.`);
      const groups = await readFailureGroups(database, from, first, caller?.rows ?? null);
      return groups.map(({ sampleId, ...group }) => ({
        ...group,
        sample: { id: sampleId, topic: group.topic },
      }));
    },
  };
}
