// Validation of header names in webhook settings.
import { badInput } from '../../base/errors.ts';
import { optionalName } from '../events/send.ts';

/** The name in lower case; null if it was omitted. */
export function checkHeader(argument: string, given: string | null | undefined): string | null {
  const name = optionalName(argument, given);
  if (name !== null && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw badInput(
      `${argument} ${JSON.stringify(name.slice(0, 60))} is not the name of a header, such as X-GitHub-Delivery.`,
    );
  }
  return name?.toLowerCase() ?? null;
}
