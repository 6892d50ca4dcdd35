// What AYON's protocol costs: enroll and two updates through it, against the same through GraphQL.
import type { Scenario } from '../scenario.ts';
import { byAyon, byGraphQL, updatingWorkers } from '../workers/ayon.ts';
import { measure } from './jobs.ts';

const workers = 20;

export const ayon: Scenario = {
  about: 'enroll and two PATCHes through AYON’s protocol ÷ the same through GraphQL',
  run: async ({ rounds, size }) =>
    measure(
      {
        aim: 'ayon',
        scenario: `enroll + two PATCHes, ${workers} workers`,
        ours: await updatingWorkers(workers, byAyon),
        peers: [
          {
            peer: 'the same through GraphQL',
            system: await updatingWorkers(workers, byGraphQL),
            least: 0.9,
          },
        ],
      },
      Math.round(1_000 * size),
      rounds,
    ),
};
