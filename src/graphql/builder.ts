// The Pothos schema builder and its TypeScript types; the GraphQL types are defined in the other files of this folder.
import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import { getDatamodel } from '../../generated/pothos.ts';
import type { Position } from '../domain/events/event.ts';
import type { GraphQLContext } from './context.ts';
import type { ModelTypes } from './model-types.ts';

/** The TypeScript types for Pothos. */
export interface SchemaTypes {
  Context: GraphQLContext;
  DefaultFieldNullability: false;
  PrismaTypes: ModelTypes;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    Position: { Input: string; Output: Position };
  };
}

/** Fields are non-null unless marked `nullable`. */
export const builder = new SchemaBuilder<SchemaTypes>({
  defaultFieldNullability: false,
  plugins: [PrismaPlugin],
  prisma: {
    dmmf: getDatamodel(),
    // The models give fields their types; all reads go through operations.
    client: () => {
      throw new Error('a field of the schema asked Prisma for its value');
    },
    exposeDescriptions: { fields: true },
  },
});
