// Declares topics, and lists declared and used ones.
import { badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isLongerThan, lengthOf } from '../base/text-length.ts';
import { pauseIfDue } from '../base/time-slices.ts';
import type { Database } from '../database/database.ts';
import { type JsonValue, checkText } from '../domain/values/json.ts';
import type { TopicDeclaration } from '../domain/handlers/handler.ts';
import type { CheckedDeclaration, DeclareTopicInput } from '../domain/schemas/topic-schema.ts';
import { readTopics, readTopicsWithin } from '../store/events/read-events.ts';
import { countByTopic, declareTopics, latestByTopic, readSchemas } from '../store/control/topics.ts';
import { type DeclaredRow, readDeclared } from '../store/control/topic-administration.ts';
import type { DeclaredTopics } from '../topics/declared-topics.ts';
import { isRestricted, isTopicWithin, type RowScope } from '../domain/access/row-scope.ts';
import { checkTopicWithin, refuseReserved } from './access/access.ts';
import type { Caller } from './callers.ts';

/** A topic that is declared, or that has events. */
export interface TopicRecord extends DeclaredRow {
  readonly declared: boolean;
}

export type Schemas = Pick<TopicDeclaration, 'summarySchema' | 'payloadSchema'>;

/** Why a declaration of many was not taken. */
export interface RefusedDeclaration {
  readonly name: string;
  readonly error: ThroughlineError;
}

/** Every intended refusal is a ThroughlineError. */
export interface TopicOperations {
  /** Replaces the whole declaration of the topic. Sends at this gateway are checked against it from the answer on. */
  declareTopic(caller: Caller, input: DeclareTopicInput): Promise<TopicRecord>;
  /** The same for many at once: answers those that are refused by themselves; `source` says where they come from. */
  declareAll(
    declarations: readonly TopicDeclaration[],
    source: string,
  ): Promise<readonly RefusedDeclaration[]>;
  /** By name; a thousand at most. */
  topics(prefix: string, rows?: RowScope | null): Promise<readonly TopicRecord[]>;
  /** Of those that are declared. */
  schemasOf(names: readonly string[]): Promise<Map<string, Schemas>>;
  /** How many events each has, up to 25,000. */
  countTopics(names: readonly string[], rows?: RowScope | null): Promise<Map<string, number>>;
  /** Of those that have events. */
  lastEventsAt(names: readonly string[], rows?: RowScope | null): Promise<Map<string, Date>>;
}

/** `tellOthers`: something is declared otherwise than before. */
export function createTopicOperations(
  database: Database,
  topics: DeclaredTopics,
  notifyGateways: () => void,
): TopicOperations {
  const declare = async (given: readonly CheckedDeclaration[], by: string) => {
    const { fits, changed } = await declareTopics(database, given, by, limits.declaredTopics);
    if (!fits) throw tooMany();
    if (changed === 0) return;
    notifyGateways();
    await topics.refresh();
  };
  return {
    declareTopic: async (caller, input) => {
      refuseReserved(input.name);
      if (isRestricted(caller.rows)) checkTopicWithin(caller, input.name);
      const { checkDeclaration } = await topicSchema();
      await pauseIfDue(caller.name);
      const checked = checkDeclaration(input);
      await declare([checked], caller.name);
      const { name, title, description } = checked;
      return { name, title, description, declared: true };
    },
    declareAll: async (declarations, source) => {
      if (declarations.length === 0) return [];
      const { valid, refused } = await checkAll(declarations);
      if (valid.length > 0) await declare(valid, source);
      return refused;
    },
    topics: (prefix, rows = null) => listTopics(database, prefix, rows),
    schemasOf: async (names) => {
      const rows = await readSchemas(database, names);
      return new Map(
        rows.map(({ name, summary, payload }) => [
          name,
          { summarySchema: parsed(summary), payloadSchema: parsed(payload) },
        ]),
      );
    },
    countTopics: async (names, within = null) => {
      const rows = await countByTopic(database, names, limits.countCap, within);
      return new Map(rows.map(({ name, count }) => [name, count]));
    },
    lastEventsAt: async (names, within = null) => {
      const rows = await latestByTopic(database, names, within);
      return new Map(rows.map(({ name, at }) => [name, at]));
    },
  };
}

/** What reads schemas is loaded when there is one to read: a start is quicker without. */
function topicSchema() {
  return import('../domain/schemas/topic-schema.ts');
}

/** Of several of one name the last one counts. */
async function checkAll(declarations: readonly TopicDeclaration[]) {
  const { checkDeclaration } = await topicSchema();
  const valid = new Map<string, CheckedDeclaration>();
  const refused: RefusedDeclaration[] = [];
  for (const declaration of declarations) {
    await pauseIfDue();
    try {
      refuseReserved(declaration.name);
      valid.set(declaration.name, checkDeclaration(declaration));
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      refused.push({ name: declaration.name, error });
    }
  }
  return { valid: [...valid.values()], refused };
}

function tooMany(): ThroughlineError {
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There would be more than ${limits.declaredTopics} declared topics, which is the most there can be; nothing was declared.`,
  );
}

async function listTopics(database: Database, prefix: string, rows: RowScope | null): Promise<TopicRecord[]> {
  checkText('prefix', prefix);
  if (isLongerThan(prefix, limits.topicLength)) {
    throw badInput(`prefix has ${lengthOf(prefix)} characters; at most ${limits.topicLength} are allowed.`);
  }
  const [declared, seen] = await Promise.all([
    readDeclared(database, prefix, limits.listedTopics),
    seenTopics(database, prefix, rows),
  ]);
  const byName = new Map<string, TopicRecord>();
  for (const name of seen) byName.set(name, { name, title: null, description: null, declared: false });
  for (const row of declared) byName.set(row.name, { ...row, declared: true });
  // Of each kind the first were read, so that of both together the first are among them.
  const visible = [...byName.values()].filter(({ name }) => isTopicWithin(rows, name));
  return visible.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limits.listedTopics);
}

/** Topics of events within the rows. */
function seenTopics(database: Database, prefix: string, rows: RowScope | null): Promise<string[]> {
  const most = { topics: limits.listedTopics, scanned: limits.scanRows };
  if (rows !== null && (rows.projects ?? rows.requestIds) !== null)
    return readTopicsWithin(database, prefix, rows, most);
  return readTopics(database, prefix, limits.listedTopics);
}

function parsed(text: string | null): JsonValue {
  return text === null ? null : (JSON.parse(text) as JsonValue);
}
