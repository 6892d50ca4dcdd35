// verifyFilter: whether a filter in CEL is right, and where it is not.
import { ThroughlineError } from '../base/errors.ts';
import { checkCel } from '../domain/cel/filter.ts';
import { builder } from './builder.ts';

interface Check {
  readonly valid: boolean;
  readonly message: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly suggestion: string | null;
}

const FilterCheck = builder.objectRef<Check>('FilterCheck').implement({
  description: 'What is to be said of a filter in CEL.',
  fields: (t) => ({
    valid: t.exposeBoolean('valid', { description: 'Whether it can be used.' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What is wrong; null where nothing is.',
    }),
    line: t.exposeInt('line', { nullable: true, description: 'Where, counted from 1.' }),
    column: t.exposeInt('column', { nullable: true, description: 'Where in the line, counted from 1.' }),
    suggestion: t.exposeString('suggestion', {
      nullable: true,
      description: 'What was probably meant, such as "endsWith".',
    }),
  }),
});

builder.queryField('verifyFilter', (t) =>
  t.field({
    type: FilterCheck,
    description:
      'Checks a filter in CEL as every `where` and `filter` that takes one does. A blank one is valid: it selects all.',
    args: { expression: t.arg.string({ required: true, description: 'The filter.' }) },
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
