// `throughline topics`: declared topics and topics of stored events.
import { TopicListDocument, TopicsDocument } from '../../../generated/client/graphql.ts';
import { notFound } from '../failure.ts';
import { printable } from '../output/printable.ts';
import { askOnce, type Session } from '../session.ts';

export async function topics(
  session: Session,
  { prefix }: { readonly prefix?: string | undefined },
): Promise<void> {
  const { output } = session;
  const client = await session.client();
  if (prefix !== undefined) {
    const { topics: found } = await client.query(TopicsDocument, { prefix }, askOnce);
    const whole = found.find(({ name, declared }) => name === prefix && declared);
    if (whole) return output.result(whole, (topic) => printableLines(JSON.stringify(topic, null, 2)));
    if (found.length === 0)
      throw notFound(`No topic begins with ${prefix}.`, '`throughline topics` lists all.');
  }
  const { topics: found } = await client.query(TopicListDocument, { prefix: prefix ?? '' }, askOnce);
  if (output.isJson) {
    for (const topic of found) await output.json(topic);
    return;
  }
  const right = { title: 'events', align: 'right' } as const;
  await output.line(
    output.table(
      [{ title: 'topic' }, { title: 'declared' }, right, { title: 'last event' }, { title: 'title' }],
      found.map(({ name, declared, count, lastEventAt, title }) => [
        name,
        declared ? 'yes' : 'no',
        count,
        lastEventAt ?? '',
        title ?? '',
      ]),
    ),
  );
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
