// Ends a subscription that is too slow, or whose filter costs too much.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Position } from '../domain/events/event.ts';

/** An end after which the subscriber may go on from the last change that it got: made for each, as each got others. */
export class SubscriptionEnd extends ThroughlineError {
  readonly at: (position: Position | null) => SubscriptionEnd;

  constructor(
    at: (position: Position | null) => SubscriptionEnd,
    code: 'SLOW_SUBSCRIBER' | 'LIMIT_EXCEEDED',
    message: string,
    position: Position | null,
  ) {
    super(code, message, { position: position === null ? null : String(position) });
    this.at = at;
  }
}

/** `position`: of the last change that was delivered; null where none was. */
export function tooSlow(position: Position | null): SubscriptionEnd {
  const where = position === null ? '' : `; a feed goes on from there with after: "${position}"`;
  const message = `The subscriber read too slowly and its buffer overflowed. Subscribe again${where}.`;
  return new SubscriptionEnd(tooSlow, 'SLOW_SUBSCRIBER', message, position);
}

/** The filters of its caller took all steps that there are for one change, so that this one could not be tested. */
export function filtersTooCostly(position: Position | null): SubscriptionEnd {
  const where = position === null ? '' : `, with after: "${position}"`;
  const message = `The filters of your live subscriptions took more than ${limits.filterSteps} steps for one change, and this subscription was ended. Subscribe again with cheaper or fewer filters${where}.`;
  return new SubscriptionEnd(filtersTooCostly, 'LIMIT_EXCEEDED', message, position);
}
