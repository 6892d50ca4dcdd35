// The query verifyFilter, which checks a CEL expression.
import type { FilterVerdict } from '../../operations/operations.ts';
import { builder } from '../builder.ts';

const FilterCheck = builder.objectRef<FilterVerdict>('FilterCheck').implement({
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
    resolve: (_root, { expression }, { operations }) => operations.verifyFilter(expression),
  }),
);
