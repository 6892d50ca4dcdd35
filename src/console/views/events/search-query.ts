// The language of the search box: tokens such as `status:failed`, a CEL expression, and words.
import type { EventFilter, EventStatus } from '../../../../generated/console/graphql.ts';
import { statuses } from '../../base/statuses.ts';
import type { Problem } from '../../base/editor/problems.ts';

export interface SearchQuery {
  readonly filter: EventFilter;
  /** A CEL expression; `whereOffset` is where it begins in the text. */
  readonly where: string | null;
  readonly whereOffset: number;
  readonly problems: readonly Problem[];
  /** The topics that the query names, for samples of their payloads. */
  readonly topics: readonly string[];
}

export interface Token {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  /** Where the value begins. */
  readonly valueFrom: number;
  /** Without quotes. */
  readonly value: string;
  readonly isQuoted: boolean;
}

export interface FieldHelp {
  readonly name: string;
  readonly example: string;
  readonly help: string;
}

export const searchFields: readonly FieldHelp[] = [
  { name: 'topic', example: 'topic:order.*', help: 'a topic; * is any text. Several: topic:a,b' },
  {
    name: 'status',
    example: 'status:failed,aborted',
    help: 'pending, in_progress, finished, failed, aborted or restarted',
  },
  { name: 'project', example: 'project:shop', help: 'the project' },
  { name: 'user', example: 'user:"Ada Lovelace"', help: 'the user; quotes hold spaces' },
  { name: 'sender', example: 'sender:checkout', help: 'the sender' },
  { name: 'request', example: 'request:r-17', help: 'the request, and so its chain' },
  { name: 'id', example: 'id:018f…', help: 'an event by its id' },
  { name: 'hash', example: 'hash:order-17', help: 'an event by its deduplication key' },
  { name: 'type', example: 'type:events.NormalType', help: 'the event type' },
  {
    name: 'since',
    example: 'since:1h',
    help: 'created within 30s, 15m, 1h, 7d; or since 2026-01-31, 2026-01-31T09:30',
  },
  { name: 'until', example: 'until:2026-01-31', help: 'created before then' },
  {
    name: 'is',
    example: 'is:exhausted',
    help: 'exhausted (no retries left), scheduled, parent (has dependents) or leaf',
  },
  { name: 'where', example: 'where: data.total > 100', help: 'a CEL expression, up to the end of the text' },
];

const names = new Set(searchFields.map(({ name }) => name));
const tokenPattern = /(?<=^|\s)([A-Za-z_]+):("(?:[^"\\]|\\.)*"?|[^\s"]*)/g;
const wherePattern = /(?<=^|\s)where:/;

/** The tokens of a text, up to its `where:`. Names that no field has are among them. */
export function tokensOf(text: string): readonly Token[] {
  const end = wherePattern.exec(text)?.index ?? text.length;
  const tokens: Token[] = [];
  for (const match of text.slice(0, end).matchAll(tokenPattern)) {
    const [all, name, raw] = match as unknown as [string, string, string];
    const valueFrom = match.index + name.length + 1;
    const isQuoted = raw.startsWith('"');
    const value = isQuoted ? raw.slice(1).replace(/"$/, '').replace(/\\(.)/g, '$1') : raw;
    tokens.push({
      from: match.index,
      to: match.index + all.length,
      name: name.toLowerCase(),
      valueFrom,
      value,
      isQuoted,
    });
  }
  return tokens;
}

/** What makes words an expression: an operator, a call, or a path into the payload. */
const expressionPattern = /[=!<>]=|[<>]|&&|\|\||\b\w+\(|\.\w+\(|^\s*!|\s(?:in)\s|^\s*(?:data|summary)\.\w/;

/** Reads the text of the box. `now`: what `since:1h` counts from. */
export function parseSearch(text: string, now = Date.now()): SearchQuery {
  const reading = new SearchReading(now);
  const whereAt = wherePattern.exec(text);
  const head = whereAt ? text.slice(0, whereAt.index) : text;
  let rest = head;
  for (const token of tokensOf(text)) {
    if (!names.has(token.name) && !isMistake(token.name)) continue;
    reading.read(token);
    // Blanks of the same length keep the places in the rest.
    rest = rest.slice(0, token.from) + ' '.repeat(token.to - token.from) + rest.slice(token.to);
  }
  if (whereAt) {
    const offset = whereAt.index + 'where:'.length;
    reading.words(rest);
    return reading.result(text.slice(offset), offset);
  }
  if (expressionPattern.test(rest)) return reading.result(rest, 0);
  reading.words(rest);
  return reading.result('', 0);
}

class SearchReading {
  readonly #now: number;
  readonly #problems: Problem[] = [];
  readonly #lists = new Map<string, string[]>();
  #filter: EventFilter = {};

  constructor(now: number) {
    this.#now = now;
  }

  read(token: Token): void {
    const { name, value, from, to } = token;
    if (!names.has(name)) {
      const meant = nearestName(name)!;
      const fix = { label: `Use ${meant}`, text: `${meant}:` };
      const end = from + name.length + 1;
      return void this.#problems.push({ from, to: end, message: `There is no field ${name}.`, fix });
    }
    if (value === '') return this.#refuse(from, to, `Give a value, such as ${exampleOf(name)}.`);
    const single = singles[name];
    if (single) {
      const read = single(value, this.#now);
      if (typeof read === 'string') return this.#refuse(token.valueFrom, to, read);
      this.#filter = { ...this.#filter, ...read };
      return;
    }
    const items = token.isQuoted ? [value] : value.split(',').filter((item) => item !== '');
    this.#lists.set(name, [...(this.#lists.get(name) ?? []), ...items]);
    const wrong = checks[name]?.(items);
    if (wrong) this.#refuse(token.valueFrom, to, wrong);
  }

  words(text: string): void {
    const words = text.replaceAll('"', ' ').trim().replace(/\s+/g, ' ');
    if (words !== '') this.#filter = { ...this.#filter, text: words };
  }

  result(expression: string, offset: number): SearchQuery {
    const list = (name: string) => this.#lists.get(name);
    const lists: EventFilter = {
      ...(list('topic') && { topics: list('topic')! }),
      ...(list('status') && { statuses: list('status')!.map((name) => name.toUpperCase() as EventStatus) }),
      ...(list('project') && { projects: list('project')! }),
      ...(list('user') && { users: list('user')! }),
      ...(list('sender') && { senders: list('sender')! }),
      ...(list('request') && { requestIds: list('request')! }),
      ...(list('id') && { ids: list('id')! }),
    };
    const conditions = (['hash', 'type'] as const).flatMap((name) => {
      const value = list(name);
      const key = name === 'type' ? 'eventType' : name;
      return value ? [{ key, comparison: 'IN' as const, value }] : [];
    });
    return {
      filter: { ...this.#filter, ...lists, ...(conditions.length > 0 && { conditions: { conditions } }) },
      where: expression.trim() === '' ? null : expression,
      whereOffset: offset,
      problems: this.#problems,
      topics: list('topic') ?? [],
    };
  }

  #refuse(from: number, to: number, message: string): void {
    this.#problems.push({ from, to, message });
  }
}

function exampleOf(name: string): string {
  return searchFields.find((field) => field.name === name)!.example;
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const checks: Readonly<Record<string, (items: readonly string[]) => string | null>> = {
  status: (items) => {
    const wrong = items.find((item) => !(statuses as readonly string[]).includes(item.toUpperCase()));
    return wrong === undefined ? null : `There is no status ${wrong}: ${statuses.join(', ').toLowerCase()}.`;
  },
  id: (items) => (items.every((item) => uuid.test(item)) ? null : 'An id is a UUID.'),
};

/** Fields with one value: a part of the filter, or what is wrong with the value. */
const singles: Readonly<Record<string, (value: string, now: number) => EventFilter | string>> = {
  since: (value, now) => {
    const at = timeOf(value, now);
    return at ? { createdAfter: at } : timeHelp;
  },
  until: (value, now) => {
    const at = timeOf(value, now);
    return at ? { createdBefore: at } : timeHelp;
  },
  is: (value) => states[value.toLowerCase()] ?? `There is no ${value}: ${Object.keys(states).join(', ')}.`,
};

const states: Readonly<Record<string, EventFilter>> = {
  exhausted: { exhausted: true },
  scheduled: { scheduled: true },
  parent: { hasDependents: true },
  leaf: { hasDependents: false },
};

const timeHelp = 'Give a time such as 30s, 15m, 1h, 7d, 2026-01-31 or 2026-01-31T09:30.';
const unitMs: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 7 * 86_400e3 };

function timeOf(value: string, now: number): string | null {
  const ago = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(value);
  // To ten seconds, so that the same text asks the same for a while.
  if (ago)
    return new Date(Math.floor((now - Number(ago[1]) * unitMs[ago[2]!]!) / 10_000) * 10_000).toISOString();
  if (!/^\d{4}-\d\d-\d\d/.test(value)) return null;
  // A day alone is the viewer's day, as the times of the list are.
  const at = new Date(value.length === 10 ? `${value}T00:00` : value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** A name so near to a field's that it must be meant. Others, such as `http`, are words. */
function isMistake(name: string): boolean {
  return nearestName(name) !== null;
}

function nearestName(name: string): string | null {
  const near = searchFields.find((field) => name.length > 2 && distance(field.name, name) <= 2);
  return near?.name ?? null;
}

/** The number of letters to add, remove, replace or swap. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => i || j),
  );
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** A token as it is written: quoted where it needs to be. */
export function tokenText(name: string, value: string): string {
  return /^[^\s",]+$/.test(value) ? `${name}:${value}` : `${name}:${JSON.stringify(value)}`;
}

/** Fields that a live feed does not take; and the status, so that rows change also when they leave the search. */
export function feedFilter(filter: EventFilter): EventFilter {
  const { exhausted: _e, hasDependents: _d, scheduled: _s, statuses: _t, ...rest } = filter;
  return rest;
}
