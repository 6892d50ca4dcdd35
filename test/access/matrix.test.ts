// Who may do what: every field of the schema with every scope, with and without restricted rows.
import { type GraphQLError, OperationTypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { RowScope } from '../../src/domain/access/row-scope.ts';
import { allScopes, hasScope, type Scope } from '../../src/domain/access/scopes.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { describeEmbedded } from '../support/database.ts';
import { composedOnce } from '../support/gateway.ts';
import { type Call, calls } from './calls.ts';

const unrestricted = { projects: null, topics: null, requestIds: null };
const rowScopes: Readonly<Record<string, RowScope | null>> = {
  'all rows': null,
  'one project': { ...unrestricted, projects: ['p'] },
  'some topics': { ...unrestricted, topics: ['t.*'] },
  'one request': { ...unrestricted, requestIds: ['r'] },
};

const roots = Object.values(OperationTypeNode).map((operation) => {
  const type = schema.getRootType(operation)!;
  return { operation, name: type.name, fields: Object.keys(type.getFields()) };
});

describe('The table of scopes', () => {
  test.each(roots)('names every field of $name, and no other', ({ name, fields }) => {
    expect(Object.keys(calls[name] ?? {}).sort()).toEqual([...fields].sort());
  });
});

const cases = roots.flatMap(({ operation, name }) =>
  Object.entries(calls[name] ?? {}).map(([field, call]) => ({ operation, field, call })),
);

function callerWith(scopes: readonly Scope[], rows: RowScope | null): Caller {
  return { name: 'limited', keyId: '0195f000-0000-7000-8000-00000000000a', scopes, rows, requestId: null };
}

describeEmbedded('A scope', (backend) => {
  const gateway = composedOnce(backend);

  /** The scopes that refusals of the call name, and what they say. */
  async function refusalsOf(operation: string, { field }: Call, caller: Caller) {
    const errors = await errorsOf(`${operation} { ${field} }`, operation, caller);
    return errors.filter(({ extensions }) => extensions.code === 'FORBIDDEN');
  }

  async function errorsOf(query: string, operation: string, caller: Caller) {
    if (operation !== 'subscription') return (await gateway().askAs<object>(caller, query)).errors;
    try {
      const reader = await gateway().subscribeAs(caller, query);
      reader.stop();
      return [];
    } catch (error) {
      return [error as GraphQLError];
    }
  }

  test.each(cases)('is needed for $operation $field, and is enough', async ({ operation, call }) => {
    for (const scope of allScopes) {
      const isAllowed = call.needs.length === 0 || call.needs.some((needed) => hasScope([scope], needed));
      for (const [kind, rows] of Object.entries(rowScopes)) {
        const refusals = await refusalsOf(operation, call, callerWith([scope], rows));
        const named = refusals.map(({ extensions }) => extensions.scope);
        const told = `${scope} with ${kind}`;
        // Rows are another reason, and no scope is named then.
        if (isAllowed) expect({ told, named: named.filter(Boolean) }).toEqual({ told, named: [] });
        else expect({ told, named }).toEqual({ told, named: [call.needs[0]] });
        if (isAllowed && rows === null) expect({ told, refusals }).toEqual({ told, refusals: [] });
        if (!isAllowed) expect(refusals[0]?.message).toContain(`the scope ${call.needs[0]}`);
      }
    }
  });

  test.each(cases)(
    'is needed for $operation $field: nothing is done without any',
    async ({ operation, call }) => {
      const refusals = await refusalsOf(operation, call, callerWith([], null));
      expect(refusals.map(({ extensions }) => extensions.scope)).toEqual(call.needs.slice(0, 1));
    },
  );
});
