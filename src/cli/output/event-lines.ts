// Events and their changes as lines of text.
import type { EventFieldsFragment } from '../../../generated/client/graphql.ts';
import type { Output } from './output.ts';
import { statusColour } from './colours.ts';
import { compactJson, printable, shorten } from './printable.ts';

type Shown = Pick<EventFieldsFragment, 'id' | 'topic' | 'description' | 'requestId'> & {
  readonly payload?: unknown;
  readonly error?: EventFieldsFragment['error'] | undefined;
};

export interface LineOptions {
  /** The time at the beginning of the line. */
  readonly at: string;
  readonly status: string;
  /** Shown in place of the status, such as DELETED. */
  readonly label?: string;
  readonly payload: boolean;
}

const statusWidth = 'IN_PROGRESS'.length;

/** Time, status, topic, id, request, and what it is about. */
export function eventLine(
  output: Output,
  event: Shown,
  { at, status, label = status, payload }: LineOptions,
): string {
  const { paint } = output;
  const fixed = `${timeOf(at)}  ${label.padEnd(statusWidth)}  ${event.topic}  `;
  const about = [
    event.id,
    event.requestId === event.id ? '' : printable(event.requestId),
    event.error ? printable(`${event.error.code ? `${event.error.code}: ` : ''}${event.error.message}`) : '',
    event.description ? printable(event.description) : '',
    payload && event.payload !== undefined ? compactJson(event.payload) : '',
  ].filter((text) => text !== '');
  const rest = shorten(about.join('  '), Math.max(20, output.width - fixed.length));
  return [
    paint('dim', timeOf(at)),
    paint(statusColour(status), label.padEnd(statusWidth)),
    paint('bold', event.topic),
    rest,
  ].join('  ');
}

/** In UTC, as events have it. */
function timeOf(at: string): string {
  return at.replace('T', ' ').replace('Z', '');
}
