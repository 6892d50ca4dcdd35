// Loads schemas, counts and times for all topics of one response together.
import { once } from '../../base/lifecycle.ts';
import type { Operations } from '../../operations/operations.ts';
import type { TopicRecord } from '../../operations/topics.ts';

class TopicsTogether {
  readonly schemas: () => ReturnType<Operations['schemasOf']>;
  readonly counts: () => ReturnType<Operations['countTopics']>;
  readonly lastEvents: () => ReturnType<Operations['lastEventsAt']>;

  constructor(operations: Operations, records: readonly TopicRecord[]) {
    const names = records.map(({ name }) => name);
    const declared = records.filter((record) => record.declared).map(({ name }) => name);
    this.schemas = once(() => operations.schemasOf(declared));
    this.counts = once(() => operations.countTopics(names));
    this.lastEvents = once(() => operations.lastEventsAt(names));
  }
}

export interface ListedTopic extends TopicRecord {
  readonly together: TopicsTogether;
}

export function listed(operations: Operations, records: readonly TopicRecord[]): ListedTopic[] {
  const together = new TopicsTogether(operations, records);
  return records.map((record) => ({ ...record, together }));
}
