// The system for operators: the log, the gateways and the database.
import type { DatabaseFigures as DatabaseRecord, SystemFigures } from '../../operations/figures/figures.ts';
import { builder } from '../builder.ts';

const Gateway = builder.prismaObject('Gateway', {
  findUnique: null,
  description: 'A gateway of the database.',
  fields: (t) => ({
    id: t.exposeID('id'),
    version: t.exposeString('version'),
    startedAt: t.expose('startedAt', { type: 'DateTime' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime' }),
    subscribers: t.exposeInt('subscribers'),
  }),
});

const DatabaseFigures = builder.objectRef<DatabaseRecord>('DatabaseFigures').implement({
  description: 'The state of the database.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: '"embedded", or "postgres" for a server.' }),
    sizeBytes: t.exposeFloat('sizeBytes', {
      description: 'Size of all tables with their indexes, in bytes.',
    }),
    deadRowShare: t.exposeFloat('deadRowShare', {
      nullable: true,
      description:
        'The share of row versions that are dead and not yet removed by a vacuum, 0 to 1, by the estimates of Postgres; null if it has none yet.',
    }),
    oldestTransactionSeconds: t.exposeFloat('oldestTransactionSeconds', {
      nullable: true,
      description:
        'The age of the oldest open transaction on the database, of any program, in seconds; null if none is open or may be seen. Old ones keep dead rows from being removed.',
    }),
    writeQueue: t.exposeInt('writeQueue', {
      description: 'Writes that wait for a commit at the gateway that answers.',
    }),
  }),
});

const System = builder.objectRef<SystemFigures>('System').implement({
  description: 'The state of the installation.',
  fields: (t) => ({
    position: t.expose('position', {
      type: 'Position',
      description: 'The current end of the log. "0" if it is empty.',
    }),
    oldestPosition: t.expose('oldestPosition', {
      type: 'Position',
      description: 'The first position that the log still has: what is older was purged. "0" if it is empty.',
    }),
    gateways: t.field({
      type: [Gateway],
      description:
        'The gateways that reported themselves within the last minute, earliest start first. The one that answers is among them.',
      resolve: ({ gateways }) => [...gateways],
    }),
    database: t.expose('database', { type: DatabaseFigures, description: 'The state of the database.' }),
  }),
});

builder.queryField('system', (t) =>
  t.field({
    type: System,
    description: 'The state of the gateways and their database. Requires the scope metrics:read.',
    resolve: (_root, _args, { operations }) => operations.system(),
  }),
);
