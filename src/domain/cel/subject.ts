// An event as CEL filters see it, under their names for its fields. Each event is converted once for all filters.
import type { EventRecord } from '../events/event.ts';
import { callLibrary, libraryFunction } from './functions/library.ts';
import type { Names } from './language/run.ts';
import { celValue, Fault, type Value } from './functions/value.ts';

export type CelSubject = Pick<
  EventRecord,
  | 'eventType'
  | 'payload'
  | 'topic'
  | 'project'
  | 'user'
  | 'sender'
  | 'summary'
  | 'status'
  | 'requestId'
  | 'createdAt'
>;

/** The names in filters, with their event field and type; `text?` may be null. */
export const subjectNames = {
  event_type: { field: 'eventType', holds: 'text' },
  data: { field: 'payload', holds: 'map' },
  topic: { field: 'topic', holds: 'text' },
  project: { field: 'project', holds: 'text?' },
  user: { field: 'user', holds: 'text?' },
  sender: { field: 'sender', holds: 'text?' },
  summary: { field: 'summary', holds: 'map' },
  status: { field: 'status', holds: 'text' },
  request_id: { field: 'requestId', holds: 'text' },
  created_at: { field: 'createdAt', holds: 'time' },
} as const satisfies Record<string, { field: keyof CelSubject; holds: 'text' | 'text?' | 'map' | 'time' }>;
export type SubjectName = keyof typeof subjectNames;

export function isSubjectName(name: string): name is SubjectName {
  return Object.hasOwn(subjectNames, name);
}

const converted = new WeakMap<CelSubject, Names>();

export function namesOf(subject: CelSubject): Names {
  const known = converted.get(subject);
  if (known) return known;
  const names = new SubjectValues(subject);
  converted.set(subject, names);
  return names;
}

class SubjectValues implements Names {
  readonly #subject: CelSubject;
  readonly #values = new Map<string, Value>();

  constructor(subject: CelSubject) {
    this.#subject = subject;
  }

  get(name: string): Value | undefined {
    const known = this.#values.get(name);
    if (known !== undefined || !isSubjectName(name)) return known;
    const held = this.#subject[subjectNames[name].field];
    const value = held instanceof Date ? timestamp(held) : celValue(held);
    this.#values.set(name, value);
    return value;
  }
}

function timestamp(date: Date): Value {
  const made = callLibrary(libraryFunction('timestamp')!, 0, undefined, [date.toISOString()]);
  if (made === undefined || made instanceof Fault) throw new Error(`${String(date)} is no timestamp`);
  return made;
}
