// Descriptions of model fields, read from prisma/schema.prisma.
import { getDatamodel } from '../../generated/pothos.ts';
import type { ModelTypes } from './model-types.ts';

const { models } = getDatamodel().datamodel;

/** The description of a model's field; `addition` is appended for details of the API, such as a limit. */
export function documented<Model extends keyof ModelTypes>(
  model: Model,
  field: string & keyof ModelTypes[Model]['Shape'],
  addition?: string,
): string {
  const { documentation } = models[model]?.fields.find(({ name }) => name === field) ?? {};
  if (!documentation) throw new Error(`prisma/schema.prisma does not describe ${model}.${field}`);
  return addition === undefined ? documentation : `${documentation} ${addition}`;
}
