// An index of entries by the topics that they are for: exact ones are looked up, patterns are tried.
import { isExactTopic, topicMatches } from './topic.ts';

export class TopicIndex<Entry> {
  readonly #byTopic = new Map<string, Set<Entry>>();
  readonly #patterns = new Map<string, Set<Entry>>();

  add(patterns: readonly string[], entry: Entry): void {
    for (const pattern of patterns) {
      const place = this.#placeOf(pattern);
      place.set(pattern, (place.get(pattern) ?? new Set()).add(entry));
    }
  }

  /** Takes out what `add` was called with. */
  delete(patterns: readonly string[], entry: Entry): void {
    for (const pattern of patterns) {
      const entries = this.#placeOf(pattern).get(pattern);
      entries?.delete(entry);
      if (entries?.size === 0) this.#placeOf(pattern).delete(pattern);
    }
  }

  /** Those for this topic; one of several patterns may come more than once. */
  *for(topic: string): Generator<Entry, void> {
    yield* this.#byTopic.get(topic) ?? [];
    for (const [pattern, entries] of this.#patterns) if (topicMatches(pattern, topic)) yield* entries;
  }

  #placeOf(pattern: string): Map<string, Set<Entry>> {
    return isExactTopic(pattern) ? this.#byTopic : this.#patterns;
  }
}
