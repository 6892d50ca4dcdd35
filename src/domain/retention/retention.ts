// Retention rules: which old events are purged, and the checks of a rule.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { RetentionRuleModel } from '../../../generated/prisma/models.ts';
import { type EventStatus, eventStatuses } from '../events/event.ts';
import { isReserved } from '../events/reserved-topics.ts';
import { optionalName } from '../events/send.ts';
import { checkTopicPattern } from '../events/topic.ts';

/** A rule as it is given. */
export interface RetentionRuleInput {
  /** Patterns. */
  readonly topics: readonly string[];
  readonly projects?: readonly string[] | null | undefined;
  readonly statuses?: readonly EventStatus[] | null | undefined;
  readonly keepDays: number;
}

export type RetentionTerms = Readonly<Required<RetentionRuleInput>> & {
  readonly projects: readonly string[] | null;
  readonly statuses: readonly EventStatus[] | null;
};

export interface RetentionRule
  extends RetentionTerms, Readonly<Pick<RetentionRuleModel, 'id' | 'lastRunAt' | 'purged'>> {}

/** The statuses of a rule that names none. */
export const finishedStatuses: readonly EventStatus[] = ['FINISHED', 'FAILED', 'ABORTED'];

/** All of them, in a canonical form. Throws BAD_USER_INPUT or LIMIT_EXCEEDED. */
export function checkRules(rules: readonly RetentionRuleInput[]): RetentionTerms[] {
  checkCount('rules', rules, limits.retentionRules);
  return rules.map((rule, n) => checkRule(rule, `rules[${n}]`));
}

function checkRule({ topics, projects, statuses, keepDays }: RetentionRuleInput, at: string): RetentionTerms {
  checkCount(`${at}.topics`, topics, limits.retentionTopics);
  if (topics.length === 0) throw badInput(`${at}.topics is empty; use ["*"] for all topics.`);
  for (const topic of topics) checkTopicPattern(topic, `${at}.topics`);
  checkList(`${at}.projects`, projects);
  for (const project of projects ?? []) optionalName(`${at}.projects`, project);
  checkList(`${at}.statuses`, statuses);
  if (!(keepDays >= 0 && keepDays <= limits.retentionKeepDays))
    throw badInput(`${at}.keepDays is ${keepDays}; 0 to ${limits.retentionKeepDays} are allowed.`);
  const reserved = topics.find(isReserved);
  if (reserved !== undefined && keepDays < limits.retentionReservedDays)
    throw badInput(
      `${at}.keepDays is ${keepDays}; events of ${reserved} must be kept for ${limits.retentionReservedDays} days at least.`,
    );
  return {
    topics: sortedSet(topics),
    projects: projects ? sortedSet(projects) : null,
    statuses: statuses ? eventStatuses.filter((status) => statuses.includes(status)) : null,
    keepDays,
  };
}

function checkList(name: string, list: readonly string[] | null | undefined): void {
  if (!list) return;
  checkCount(name, list, limits.retentionProjects);
  if (list.length === 0)
    throw badInput(`${name} is empty, which would select nothing; omit it, or null, for all.`);
}

function checkCount(name: string, list: readonly unknown[], most: number): void {
  if (list.length > most)
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${name} has ${list.length} items; at most ${most} are allowed.`,
    );
}

function sortedSet(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
