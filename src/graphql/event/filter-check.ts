// The query verifyFilter, which checks a CEL expression.
import { ThroughlineError } from '../../base/errors.ts';
import { checkCel } from '../../domain/cel/filter.ts';
import { builder } from '../builder.ts';

interface Check {
  readonly valid: boolean;
  readonly message: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly suggestion: string | null;
}

const FilterCheck = builder.objectRef<Check>('FilterCheck').implement({
  description: 'The result of checking a CEL expression.',
  fields: (t) => ({
    valid: t.exposeBoolean('valid', { description: 'Whether the expression is valid.' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'The error message; null if valid.',
    }),
    line: t.exposeInt('line', { nullable: true, description: 'The line of the error, from 1.' }),
    column: t.exposeInt('column', { nullable: true, description: 'The column of the error, from 1.' }),
    suggestion: t.exposeString('suggestion', {
      nullable: true,
      description: 'The name that was probably meant, such as "endsWith".',
    }),
  }),
});

builder.queryField('verifyFilter', (t) =>
  t.field({
    type: FilterCheck,
    description:
      'Checks a CEL expression for use as a `where`. A blank expression is valid and matches everything.',
    args: { expression: t.arg.string({ required: true, description: 'The CEL expression.' }) },
    resolve: (_root, { expression }) => check(expression),
  }),
);

function check(expression: string): Check {
  try {
    checkCel(expression);
    return { valid: true, message: null, line: null, column: null, suggestion: null };
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    const { line = null, column = null, suggestion = null } = error.details as Partial<Check>;
    return { valid: false, message: error.message, line, column, suggestion };
  }
}
