// Checks stored events against schemas, with a validator that interprets them: the page may not compile code.
import { type Schema, Validator } from '@cfworker/json-schema';

export interface Misfit {
  readonly id: string;
  readonly createdAt: string;
  /** Such as `payload/items/0/sku`. */
  readonly path: string;
  readonly reason: string;
}

interface StoredEvent {
  readonly id: string;
  readonly createdAt: string;
  readonly payload: unknown;
  readonly summary: unknown;
}

interface Schemas {
  readonly payloadSchema: unknown;
  readonly summarySchema: unknown;
}

/** The first fault of each event that does not fit. */
export function misfitsOf(
  { payloadSchema, summarySchema }: Schemas,
  events: readonly StoredEvent[],
): readonly Misfit[] {
  const checks = [
    { part: 'payload', validator: validatorOf(payloadSchema) },
    { part: 'summary', validator: validatorOf(summarySchema) },
  ] as const;
  return events.flatMap((event) => {
    for (const { part, validator } of checks) {
      const result = validator?.validate(event[part]);
      if (result && !result.valid) {
        // The last is the most exact: those before say only that what is inside is wrong.
        const { instanceLocation, error } = result.errors.at(-1)!;
        const { id, createdAt } = event;
        return [{ id, createdAt, path: instanceLocation.replace(/^#/, part), reason: error }];
      }
    }
    return [];
  });
}

function validatorOf(schema: unknown): Validator | null {
  if (schema === null) return null;
  const isOlder = JSON.stringify((schema as Schema).$schema ?? '').includes('draft-07');
  return new Validator(schema as Schema, isOlder ? '7' : '2020-12');
}
