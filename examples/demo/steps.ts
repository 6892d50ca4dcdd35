// The work that a delivery causes: validate it, enrich it, notify people. Plain functions that know no gateway.
import type { Account, Delivery } from './deliveries.ts';

export const steps = ['validate', 'enrich', 'notify'] as const;
export type Step = (typeof steps)[number];

export function topicOf(step: Step): string {
  return `demo.${step}`;
}

/** A step failed for a reason that lies in the delivery, not in a fault of the demo. */
export class WorkError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a step came to; it becomes the `result` of the step's event. */
export type Result = Readonly<Record<string, string | number | boolean | null>>;

export function validate({ name, payload, knownActions }: Delivery): Result {
  const { action = null, sender } = payload;
  if (!sender) throw new WorkError('NO_SENDER', `This ${name} does not say who caused it.`);
  if (action !== null && !knownActions.includes(action))
    throw new WorkError('UNKNOWN_ACTION', `GitHub documents no action ${action} of ${name}.`);
  return { action, fields: Object.keys(payload).length };
}

export function enrich({ name, payload }: Delivery): Result {
  const { repository } = payload;
  if (!repository) throw new WorkError('NO_REPOSITORY', `This ${name} belongs to no repository.`);
  return {
    repository: repository.full_name,
    language: repository.language ?? null,
    private: repository.private,
  };
}

export function notify(delivery: Delivery, { login, type }: Account): Result {
  if (type !== 'User') throw new WorkError('NO_INBOX', `${login} is a ${type}, and only people read mail.`);
  return { to: login, text: sentence(delivery) };
}

/** Whom to tell: who caused it, and the owner of the repository where that is a person. */
export function recipients({ payload: { sender, repository } }: Delivery): Account[] {
  const owner = repository?.owner;
  if (!sender) return [];
  return owner?.type === 'User' && owner.login !== sender.login ? [sender, owner] : [sender];
}

/** A line for people, such as `pull_request opened by Codertocat in Codertocat/Hello-World`. */
export function sentence({ name, payload: { action, sender, repository } }: Delivery): string {
  const parts = [name, action, sender && `by ${sender.login}`, repository && `in ${repository.full_name}`];
  return parts.filter((part) => part !== undefined).join(' ');
}
