// Names of headers that a webhook is told to look at.
import { badInput } from '../base/errors.ts';
import { optionalName } from './send.ts';

/** In lower case; null where it was not given. */
export function checkHeader(argument: string, given: string | null | undefined): string | null {
  const name = optionalName(argument, given);
  if (name !== null && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw badInput(
      `${argument} ${JSON.stringify(name.slice(0, 60))} is not the name of a header, such as X-GitHub-Delivery.`,
    );
  }
  return name?.toLowerCase() ?? null;
}
