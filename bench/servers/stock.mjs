// The stock server, as the documentation of graphql-yoga and graphql-ws puts it together, with createPubSub.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga, filter, pipe } from 'graphql-yoga';
import { WebSocketServer } from 'ws';

const pubSub = createPubSub();

const typeDefs = /* GraphQL */ `
  scalar JSON
  type Event {
    id: ID!
    topic: String!
    project: String
    user: String
    summary: JSON!
    payload: JSON!
  }
  type EventChange {
    position: String!
    kind: String!
    status: String!
    at: String!
    event: Event!
  }
  type Query {
    ready: Boolean!
  }
  type Mutation {
    publish(events: [JSON!]!): Boolean!
  }
  type Subscription {
    eventFeed: EventChange!
    eventsOf(repository: String!, above: Int!): EventChange!
  }
`;

let position = 0;

function changeOf(event) {
  position += 1;
  return {
    position: String(position),
    kind: 'CREATED',
    status: 'FINISHED',
    at: new Date().toISOString(),
    event: { id: randomUUID(), ...event },
  };
}

const resolvers = {
  Query: { ready: () => true },
  Mutation: {
    publish: (_, { events }) => {
      for (const event of events) pubSub.publish('events', changeOf(event));
      return true;
    },
  },
  Subscription: {
    eventFeed: { subscribe: () => pubSub.subscribe('events'), resolve: (change) => change },
    eventsOf: {
      subscribe: (_, { repository, above }) =>
        pipe(
          pubSub.subscribe('events'),
          filter(
            ({ event: { payload } }) =>
              payload.repository?.full_name === repository && payload.number > above,
          ),
        ),
      resolve: (change) => change,
    },
  },
};

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false, graphiql: false });
const server = createServer(yoga);
const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });
useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (ctx, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...ctx,
        req: ctx.extra.request,
        socket: ctx.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  sockets,
);
process.on('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`serves at http://127.0.0.1:${server.address().port}\n`),
);
