// The rate of events, for charts.
import { limits } from '../../base/limits.ts';
import type { EventRate as EventRateRecord } from '../../operations/figures/event-rate.ts';
import { builder } from '../builder.ts';
import { EventFilter } from '../event/event-filter.ts';
import { amount } from '../wording.ts';

const EventRate = builder.objectRef<EventRateRecord>('EventRate').implement({
  description: 'One step of a chart. It ends where the next one begins.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'Where the step begins.' }),
    sent: t.exposeInt('sent', { description: 'The number of events sent, jobs included.' }),
    finished: t.exposeInt('finished', {
      description: 'How often an event became FINISHED, or was sent as such.',
    }),
    failed: t.exposeInt('failed', { description: 'How often an event became FAILED.' }),
  }),
});

builder.queryField('eventRate', (t) =>
  t.field({
    type: [EventRate],
    description:
      'How many events were sent, finished and failed in each step of a range. Deleted events stay in the counts. Requires the scope metrics:read or events:read.',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'The beginning of the range.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Its end; may be in the future.' }),
      steps: t.arg.int({
        defaultValue: 60,
        description: `The number of steps, 1 to ${limits.rateSteps}; otherwise BAD_USER_INPUT. Steps of a minute or more begin at whole minutes, hours or days (UTC), and the first and last are widened to them. Shorter ones are exact, over at most ${amount(limits.rateEntries)} changes. Counts by the minute are kept for ${limits.rateMinuteDays} days, by the hour for ${limits.rateHourDays}; shorter steps of earlier times: LIMIT_EXCEEDED.`,
      }),
      filter: t.arg({
        type: EventFilter,
        description: `Which events to count. By topics and projects, as of each change, over any range. Other fields, as they are now, over at most ${amount(limits.rateFilteredEntries)} changes, with the scope events:read; beyond: LIMIT_EXCEEDED. Not by payload, summary, description or text: BAD_USER_INPUT.`,
      }),
    },
    resolve: async (_root, { from, to, steps, filter }, { operations, caller }) => [
      ...(await operations.eventRate({ from, to, steps: steps ?? 60, filter: filter ?? null }, caller)),
    ],
  }),
);
