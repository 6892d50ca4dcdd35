// An index of entries by topic: exact topics are looked up, patterns are tested.
import { isExactTopic, topicMatches } from './topic.ts';

export class TopicIndex<Entry> {
  readonly #byTopic = new Map<string, Set<Entry>>();
  readonly #patterns = new Map<string, Set<Entry>>();

  add(patterns: readonly string[], entry: Entry): void {
    for (const pattern of patterns) {
      const place = this.#indexOf(pattern);
      place.set(pattern, (place.get(pattern) ?? new Set()).add(entry));
    }
  }

  /** Removes an entry that was added with the same patterns. */
  delete(patterns: readonly string[], entry: Entry): void {
    for (const pattern of patterns) {
      const entries = this.#indexOf(pattern).get(pattern);
      entries?.delete(entry);
      if (entries?.size === 0) this.#indexOf(pattern).delete(pattern);
    }
  }

  /** The entries for this topic. An entry with several patterns may occur more than once. */
  *for(topic: string): Generator<Entry, void> {
    yield* this.#byTopic.get(topic) ?? [];
    for (const [pattern, entries] of this.#patterns) if (topicMatches(pattern, topic)) yield* entries;
  }

  #indexOf(pattern: string): Map<string, Set<Entry>> {
    return isExactTopic(pattern) ? this.#byTopic : this.#patterns;
  }
}
