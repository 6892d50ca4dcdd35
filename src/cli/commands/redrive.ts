// `throughline redrive`: counts the exhausted jobs of a consumer, asks, and restarts them.
import { RestartEventsDocument } from '../../../generated/client/graphql.ts';
import { Failure } from '../failure.ts';
import { confirm } from '../input/prompt.ts';
import { askOnce, type Session } from '../session.ts';
import { consumersNamed, listConsumers } from './find-consumer.ts';

export interface RedriveArguments {
  readonly consumer: string;
  readonly where?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

/** Restarting many takes longer than a request usually may. */
const restartMs = 600_000;

export async function redrive(session: Session, given: RedriveArguments): Promise<void> {
  const { output } = session;
  const client = await session.client();
  const named = consumersNamed(await listConsumers(client), [given.consumer]);
  const topics = [...new Set(named.map(({ targetTopic }) => targetTopic))];
  const variables = {
    filter: { topics, exhausted: true },
    ...(given.where !== undefined && { where: given.where }),
  };
  const restart = async (dryRun: boolean) => {
    const options = { ...askOnce, timeoutMs: restartMs };
    return (await client.mutate(RestartEventsDocument, { ...variables, dryRun }, options)).restartEvents
      .count;
  };
  const count = await restart(true);
  const what = `${count} exhausted ${count === 1 ? 'job' : 'jobs'} of ${topics.join(', ')}`;
  if (given.dryRun || count === 0) return output.result({ topics, count, restarted: 0 }, () => what);
  if (!given.yes && !(await confirm(`Restart ${what}?`, '--yes')))
    throw new Failure('Nothing was restarted.');
  const restarted = await restart(false);
  await output.result({ topics, count, restarted }, () => `${restarted} of ${what} restarted`);
}
