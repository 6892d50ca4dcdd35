// How a subscriber that does not keep up is let go.
import { ThroughlineError } from '../base/errors.ts';
import type { Position } from '../domain/event.ts';

/** `position`: of the last change that was delivered; null where none was. */
export function tooSlow(position: Position | null): ThroughlineError {
  const resume = position === null ? 'subscribe again' : `subscribe again with after: "${position}"`;
  return new ThroughlineError(
    'SLOW_SUBSCRIBER',
    `The subscriber did not keep up and was let go; ${resume}.`,
    {
      position: position === null ? null : String(position),
    },
  );
}
