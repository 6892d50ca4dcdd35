// Sending to a gateway over HTTP, in rounds of which each has a topic of its own, and counting what is there.
import { Connection, requestOf } from './connections.ts';
import { deliveries } from './deliveries.ts';
import { perSecond } from './rounds.ts';

export class Sending {
  readonly #url: string;
  readonly #lanes: readonly Connection[];
  #rounds = 0;

  private constructor(url: string, lanes: readonly Connection[]) {
    this.#url = url;
    this.#lanes = lanes;
  }

  static async open(url: string, connections: number): Promise<Sending> {
    return new Sending(url, await Connection.openMany(url, connections));
  }

  /** Events a second; each delivery is an event. `noop` asks for the mutation that does nothing instead. */
  async round(ms: number, field: 'sendEvent' | 'noop' = 'sendEvent'): Promise<number> {
    const topic = `bench.send.${(this.#rounds += 1)}`;
    const query = `mutation ($input: SendEventInput!) { ${field}(input: $input) { duplicate event { id position } } }`;
    const requests = deliveries.map((payload) =>
      requestOf(this.#url, query, { input: { topic, sender: 'bench', payload } }),
    );
    let sent = 0;
    const figure = await perSecond(ms, this.#lanes.length, async (lane) => {
      await this.#lanes[lane]!.send(requests[(sent += 1) % requests.length]!);
      return 1;
    });
    const there = await countTopic(this.#lanes[0]!, topic);
    if (there !== (field === 'noop' ? 0 : sent)) throw new Error(`${there} of ${sent} events are there`);
    return figure;
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}

interface Counted {
  readonly events: { readonly totalCount: number; readonly totalIsExact: boolean };
}

export async function countTopic(connection: Connection, topic: string): Promise<number> {
  const query =
    'query ($topic: String!) { events(filter: {topics: [$topic]}, first: 0) { totalCount totalIsExact } }';
  const { events } = await connection.ask<Counted>(query, { topic });
  if (!events.totalIsExact)
    throw new Error('there are more events than are counted: make the rounds shorter');
  return events.totalCount;
}

/** Sends events by the list, in order. */
export async function sendAll(connection: Connection, events: readonly object[]): Promise<void> {
  for (let from = 0; from < events.length; from += 500)
    await connection.ask(
      'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { message } } }',
      { input: events.slice(from, from + 500) },
    );
}
