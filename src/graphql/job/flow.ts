// Flow control of consumers: the limits as inputs and as they are.
import { limits } from '../../base/limits.ts';
import type { Flow as FlowRecord, RateLimit as RateLimitRecord } from '../../domain/jobs/flow.ts';
import { builder } from '../builder.ts';
import { amount } from '../wording.ts';

const most = `1 to ${amount(limits.flowCount)}`;
const seconds = `${limits.flowLeastSeconds} to ${amount(limits.flowSeconds)} seconds`;
const texts = {
  maxConcurrent: 'Jobs of the consumer that are held at once, at all gateways; null: any number.',
  maxConcurrentPerKey: 'The same for each value of `key`; null: any number.',
  key: 'A CEL expression over the source, or over the event of a plain queue, such as `data.customerId`. Its value is a string, a number or a truth value; events on which it is something else, or fails, share one key.',
  rateLimit: 'Claims within any period of time; null: any number.',
  count: 'The most claims in the time.',
  perSeconds: 'The time, in seconds.',
};

const RateLimitInput = builder.inputType('RateLimitInput', {
  description: 'So many claims per time.',
  fields: (t) => ({
    count: t.int({ required: true, description: `${texts.count} ${most}.` }),
    perSeconds: t.float({ required: true, description: `${texts.perSeconds} ${seconds}.` }),
  }),
});

export const FlowInput = builder.inputType('FlowInput', {
  description:
    'The limits of a consumer, all of them: what is omitted is not limited. They hold over all gateways and restarts, and are never exceeded. Invalid values: BAD_USER_INPUT.',
  fields: (t) => ({
    maxConcurrent: t.int({ description: `${texts.maxConcurrent} ${most}.` }),
    maxConcurrentPerKey: t.int({ description: `${texts.maxConcurrentPerKey} ${most}. Only with \`key\`.` }),
    key: t.string({ description: `${texts.key} Only with \`maxConcurrentPerKey\`.` }),
    rateLimit: t.field({ type: RateLimitInput, description: texts.rateLimit }),
  }),
});

const RateLimit = builder.objectRef<RateLimitRecord>('RateLimit').implement({
  description: 'So many claims per time.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: texts.count }),
    perSeconds: t.exposeFloat('perSeconds', { description: texts.perSeconds }),
  }),
});

export const Flow = builder.objectRef<FlowRecord>('Flow').implement({
  description: 'The limits of a consumer.',
  fields: (t) => ({
    maxConcurrent: t.exposeInt('maxConcurrent', { nullable: true, description: texts.maxConcurrent }),
    maxConcurrentPerKey: t.exposeInt('maxConcurrentPerKey', {
      nullable: true,
      description: texts.maxConcurrentPerKey,
    }),
    key: t.exposeString('key', { nullable: true, description: texts.key }),
    rateLimit: t.expose('rateLimit', { type: RateLimit, nullable: true, description: texts.rateLimit }),
  }),
});
