// How a subscriber that does not keep up is let go.
import { ThroughlineError } from '../base/errors.ts';
import type { Position } from '../domain/event.ts';

/** `position`: of the last change that was delivered; null where none was. */
export function tooSlow(position: Position | null): ThroughlineError {
  const where = position === null ? '' : `; a feed goes on from there with after: "${position}"`;
  return new ThroughlineError(
    'SLOW_SUBSCRIBER',
    `The subscriber did not keep up and was let go. Subscribe again${where}.`,
    {
      position: position === null ? null : String(position),
    },
  );
}
