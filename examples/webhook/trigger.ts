// The webhook that the example listens to: the one with its name, made where there is none yet.
import { type Gateway } from './gateway.ts';

interface Trigger {
  readonly name: string;
  /** Null for a schedule. */
  readonly url: string | null;
}

/** The path of its URL: whoever knows it may send requests there, and below. */
export async function webhookNamed(gateway: Gateway, name: string, signal: AbortSignal): Promise<string> {
  const known = await gateway.insist<{ triggers: readonly Trigger[] }>(
    '{ triggers { name url } }',
    {},
    { signal },
  );
  const { url } = known.triggers.find((trigger) => trigger.name === name) ?? (await make(gateway, name));
  if (url === null) throw new Error(`The trigger ${name} is a schedule; TRIGGER names another.`);
  return url;
}

/** Asked once: asked again after a lost answer, it would find its own name taken. */
async function make(gateway: Gateway, name: string): Promise<Trigger> {
  const query = 'mutation($input: CreateTriggerInput!) { createTrigger(input: $input) { name url } }';
  const made = await gateway.ask<{ createTrigger: Trigger }>(query, { input: { name, webhook: {} } });
  return made.createTrigger;
}
