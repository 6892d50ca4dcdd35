// `throughline triggers`: creates, lists, enables, disables and deletes webhooks and schedules.
import {
  CreateTriggerDocument,
  type CreateTriggerInput,
  DeleteTriggerDocument,
  TriggerListDocument,
  type TriggerListQuery,
  UpdateTriggerDocument,
} from '../../../generated/client/graphql.ts';
import type { Client } from '../../client/client.ts';
import { Failure, notFound, usageError } from '../failure.ts';
import { confirm } from '../input/prompt.ts';
import { askOnce, type Session } from '../session.ts';

export interface CreateTriggerArguments {
  readonly name: string;
  readonly topic?: string | undefined;
  readonly cron?: string | undefined;
  readonly timezone?: string | undefined;
  readonly signature?: 'github' | 'stripe' | 'standard' | 'none' | undefined;
  readonly secret?: string | undefined;
  readonly where?: string | undefined;
}

type Trigger = TriggerListQuery['triggers'][number];

export async function createTrigger(session: Session, given: CreateTriggerArguments): Promise<void> {
  const client = await session.client();
  const { url } = await session.target();
  const created = await client.mutate(CreateTriggerDocument, { input: inputOf(given) }, askOnce);
  await session.output.result(created.createTrigger, (trigger) => describe(trigger, url));
}

function inputOf({
  name,
  topic,
  cron,
  timezone,
  signature,
  secret,
  where,
}: CreateTriggerArguments): CreateTriggerInput {
  const either = { name, ...(topic !== undefined && { topic }), ...(where !== undefined && { where }) };
  if (cron !== undefined) {
    if (signature !== undefined || secret !== undefined) throw usageError('A schedule has no signature.');
    return { ...either, schedule: { cron, ...(timezone !== undefined && { timezone }) } };
  }
  if (timezone !== undefined) throw usageError('--timezone belongs to --cron.');
  const given = secret ?? (process.env.THROUGHLINE_SECRET || undefined);
  const scheme = signature === undefined ? undefined : schemes[signature];
  if (scheme !== undefined && scheme !== 'NONE' && given === undefined)
    throw usageError(
      `The signature ${signature} needs a secret.`,
      'Set THROUGHLINE_SECRET, or give --secret.',
    );
  if ((scheme === undefined || scheme === 'NONE') && secret !== undefined)
    throw usageError('--secret belongs to --signature.');
  return {
    ...either,
    webhook: scheme === undefined || scheme === 'NONE' ? {} : { signature: scheme, secret: given! },
  };
}

const schemes = { github: 'GITHUB', stripe: 'STRIPE', standard: 'STANDARD', none: 'NONE' } as const;

function describe({ name, kind, url: path, nextRun }: Trigger, gateway: string): string {
  if (kind === 'WEBHOOK') return `${gateway.replace(/\/+$/, '').replace(/\/graphql$/, '')}${path}`;
  return `${name} ticks next at ${nextRun}`;
}

export async function listTriggers(session: Session): Promise<void> {
  const { output } = session;
  const { triggers } = await (await session.client()).query(TriggerListDocument, {}, askOnce);
  if (output.isJson) {
    for (const trigger of triggers) await output.json(trigger);
    return;
  }
  const columns = ['name', 'kind', 'topic', 'enabled', 'filter errors', 'next', 'url or cron'];
  const rows = triggers.map((trigger) => [
    trigger.name,
    trigger.kind.toLowerCase(),
    trigger.topic,
    trigger.enabled ? 'yes' : 'no',
    trigger.filterErrors,
    trigger.nextRun ?? '',
    trigger.url ?? `${trigger.cron} ${trigger.timezone}`,
  ]);
  await output.line(
    output.table(
      columns.map((title) => ({ title })),
      rows,
    ),
  );
}

export async function enableTrigger(
  session: Session,
  given: { readonly trigger: string; readonly enabled: boolean },
): Promise<void> {
  const client = await session.client();
  const { id } = await triggerNamed(client, given.trigger);
  const { updateTrigger } = await client.mutate(
    UpdateTriggerDocument,
    { input: { id, enabled: given.enabled } },
    askOnce,
  );
  await session.output.result(
    updateTrigger,
    ({ name, enabled }) => `${name} is ${enabled ? 'enabled' : 'disabled'}`,
  );
}

export async function deleteTrigger(
  session: Session,
  given: { readonly trigger: string; readonly yes?: true | undefined },
): Promise<void> {
  const client = await session.client();
  const { id, name } = await triggerNamed(client, given.trigger);
  if (!given.yes && !(await confirm(`Delete the trigger ${name}?`, '--yes')))
    throw new Failure('Nothing was deleted.');
  await client.mutate(DeleteTriggerDocument, { id }, askOnce);
  await session.output.result({ id, name }, () => `The trigger ${name} is deleted.`);
}

async function triggerNamed(client: Client, name: string): Promise<Trigger> {
  const { triggers } = await client.query(TriggerListDocument, {}, askOnce);
  const found = triggers.find((trigger) => trigger.name === name || trigger.id === name);
  if (found) return found;
  throw notFound(`There is no trigger ${name}.`, '`throughline triggers list` lists them.');
}
