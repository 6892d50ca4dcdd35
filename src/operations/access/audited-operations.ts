// Operations and watches whose changes and refusals the audit records.
import { type ErrorCode, ThroughlineError } from '../../base/errors.ts';
import type { Caller } from '../callers.ts';
import type { ItemError, Operations } from '../operations.ts';
import type { Audit } from './audit.ts';
import { type AuditedChange, auditedChanges } from './audited-changes.ts';

/** `operations`: those that the caller may use. A change is answered when its entry is committed. */
export function auditOperations(operations: Operations, caller: Caller, audit: Audit): Operations {
  return new Proxy(operations, {
    get: (target, name) => {
      const method = methodOf(target, name);
      if (method === null) return Reflect.get(target, name) as unknown;
      const change = auditedChanges[name as keyof Operations];
      const recording: Recording = { caller, audit, name: name as string };
      if (change === undefined)
        return (...args: unknown[]) => recordRefusal(recording, () => method.apply(target, args));
      return (...args: unknown[]) =>
        recordChange(recording, change as unknown as AnyChange, args, async () => method.apply(target, args));
    },
  });
}

/** Its refusals alone. */
export function auditRefusals<Target extends object>(target: Target, caller: Caller, audit: Audit): Target {
  return new Proxy(target, {
    get: (_target, name) => {
      const method = methodOf(target, name);
      if (method === null) return Reflect.get(target, name) as unknown;
      const recording = { caller, audit, name: name as string };
      return (...args: unknown[]) => recordRefusal(recording, () => method.apply(target, args));
    },
  });
}

interface Recording {
  readonly caller: Caller;
  readonly audit: Audit;
  /** Of the operation. */
  readonly name: string;
}

type Method = (...args: unknown[]) => unknown;
type AnyChange = {
  readonly [Part in keyof AuditedChange<'revokeKey'>]: (
    ...args: unknown[]
  ) => ReturnType<NonNullable<AuditedChange<'revokeKey'>[Part]>>;
};

function methodOf(target: object, name: string | symbol): Method | null {
  const value = typeof name === 'string' ? (Reflect.get(target, name) as unknown) : null;
  return typeof value === 'function' ? (value as Method) : null;
}

async function recordChange(
  recording: Recording,
  { before: read, entry, failed }: AnyChange,
  args: readonly unknown[],
  run: () => Promise<unknown>,
): Promise<unknown> {
  const { caller, audit, name } = recording;
  // What can't be read can't be changed either: the operation says why.
  const before = (await read?.(audit.operations, ...args).catch(() => null)) ?? null;
  let answer: unknown;
  try {
    answer = await run();
  } catch (error) {
    await refuse(recording, error);
    const begun = changedNothing(error) ? null : failed?.(...args);
    if (begun != null)
      await audit.record(caller, {
        ...begun,
        what: name,
        values: { ...begun.values, error: codeOf(error) },
      });
    throw error;
  }
  const changed = entry(answer, before, ...args);
  if (changed !== null) await audit.record(caller, { ...changed, what: name });
  return answer;
}

function recordRefusal(recording: Recording, run: () => unknown): unknown {
  try {
    const answer = run();
    if (!(answer instanceof Promise)) return answer;
    return answer.then(
      (settled: unknown) => afterItems(recording, settled),
      async (error: unknown) => {
        await refuse(recording, error);
        throw error;
      },
    );
  } catch (error) {
    void refuse(recording, error);
    throw error;
  }
}

/** A batch is answered although items of it were refused. */
function afterItems(recording: Recording, answer: unknown): unknown {
  const { errors } = (answer ?? {}) as { readonly errors?: readonly ItemError[] };
  const refused = errors?.find(({ code }) => code === 'FORBIDDEN');
  if (refused === undefined) return answer;
  const { message, details } = refused;
  return refuse(recording, new ThroughlineError('FORBIDDEN', message, details)).then(() => answer);
}

async function refuse({ caller, audit, name }: Recording, error: unknown): Promise<void> {
  if (!(error instanceof ThroughlineError) || error.code !== 'FORBIDDEN') return;
  const { code, message, details } = error;
  await audit.refused(caller, { operation: name, code, message, scope: details.scope });
}

const beforeChange: readonly ErrorCode[] = ['FORBIDDEN', 'BAD_USER_INPUT', 'INVALID_FILTER'];

/** Whether the error came before the operation began. */
function changedNothing(error: unknown): boolean {
  return error instanceof ThroughlineError && beforeChange.includes(error.code);
}

function codeOf(error: unknown): string {
  return error instanceof ThroughlineError ? error.code : 'INTERNAL_SERVER_ERROR';
}
