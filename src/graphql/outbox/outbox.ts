// The outbox: waiting and refused events, and the mutation that discards refused ones.
import { limits } from '../../base/limits.ts';
import type { OutboxState } from '../../operations/outbox.ts';
import { builder } from '../builder.ts';
import { amount, listLimit } from '../wording.ts';

const OutboxFailure = builder.prismaObject('OutboxFailure', {
  findUnique: null,
  description: 'An event sent with `send_event` that was refused when it was to be moved into the log.',
  fields: (t) => ({
    id: t.exposeID('id'),
    at: t.expose('at', { type: 'DateTime' }),
    code: t.exposeString('code'),
    message: t.exposeString('message'),
    input: t.expose('input', { type: 'JSON' }),
  }),
});

const Outbox = builder.objectRef<OutboxState>('Outbox').implement({
  description: 'Events that programs sent within their own database transactions, with `send_event`.',
  fields: (t) => ({
    waiting: t.exposeInt('waiting', {
      description: `The number of events not moved into the log yet. Counting stops at ${amount(limits.countCap)}.`,
    }),
    oldestAt: t.expose('oldestAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first of them was sent; null if there is none.',
    }),
    failed: t.field({
      type: [OutboxFailure],
      description: `The events that were refused, the earliest first; the first ${limits.outboxFailures}, or fewer if they are large.`,
      resolve: async (_outbox, _args, { operations }) => [...(await operations.outboxFailures())],
    }),
  }),
});

builder.queryField('outbox', (t) =>
  t.field({
    type: Outbox,
    description: 'The outbox, for callers with the scope `admin` and without restrictions.',
    resolve: (_root, _args, { operations }) => operations.outbox(),
  }),
);

builder.mutationField('discardOutbox', (t) =>
  t.int({
    description: 'Deletes failures of the outbox, and returns how many there were. Unknown ids are ignored.',
    args: { ids: t.arg.idList({ required: true, description: `The ids of the failures. ${listLimit}` }) },
    resolve: (_root, { ids }, { operations }) => operations.discardOutbox(ids),
  }),
);
