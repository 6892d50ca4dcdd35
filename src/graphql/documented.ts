// The descriptions of the models' fields, which stand in prisma/schema.prisma and nowhere else.
import { getDatamodel } from '../../generated/pothos.ts';
import type { ModelTypes } from './model-types.ts';

const { models } = getDatamodel().datamodel;

/** What the model says of its field; `addition` is what only the API has, such as a limit. */
export function documented<Model extends keyof ModelTypes>(
  model: Model,
  field: string & keyof ModelTypes[Model]['Shape'],
  addition?: string,
): string {
  const { documentation } = models[model]?.fields.find(({ name }) => name === field) ?? {};
  if (!documentation) throw new Error(`prisma/schema.prisma does not describe ${model}.${field}`);
  return addition === undefined ? documentation : `${documentation} ${addition}`;
}
