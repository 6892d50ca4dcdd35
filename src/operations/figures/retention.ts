// Retention for administrators: the rules, and running them now.
import { newId } from '../../base/ids.ts';
import type { Database } from '../../database/database.ts';
import {
  checkRules,
  type RetentionRule,
  type RetentionRuleInput,
  type RetentionTerms,
} from '../../domain/retention/retention.ts';
import type { PurgeOutcome, Purger } from '../../log/retention/purger.ts';
import { readRules, replaceRules } from '../../store/retention/rules.ts';

export interface RetentionOperations {
  /** The rules in the order in which they were given. */
  retention(): Promise<readonly RetentionRule[]>;
  /** Null where there is no such rule. */
  retentionRule(id: string): Promise<RetentionRule | null>;
  /** Replaces all rules. One that was there with the same terms stays, with what it has counted. */
  setRetention(rules: readonly RetentionRuleInput[]): Promise<readonly RetentionRule[]>;
  /** Runs all rules now. */
  purge(dryRun: boolean): Promise<PurgeOutcome>;
}

export interface RetentionParts {
  readonly database: Database;
  readonly purger: Pick<Purger, 'run'>;
}

export function createRetentionOperations({ database, purger }: RetentionParts): RetentionOperations {
  return {
    retention: () => readRules(database),
    retentionRule: async (id) => (await readRules(database)).find((rule) => rule.id === id) ?? null,
    setRetention: async (given) => {
      const rules = checkRules(given);
      return replaceRules(database, (known) => placed(rules, known));
    },
    purge: (dryRun) => purger.run(dryRun),
  };
}

/** Each rule with the id of a known one with the same terms, or a new id. */
function placed(rules: readonly RetentionTerms[], known: readonly RetentionRule[]) {
  const left = new Map<string, string[]>();
  for (const rule of known) left.set(termsOf(rule), [...(left.get(termsOf(rule)) ?? []), rule.id]);
  return rules.map((rule) => ({ ...rule, id: left.get(termsOf(rule))?.shift() ?? newId() }));
}

function termsOf({ topics, projects, statuses, keepDays }: RetentionTerms): string {
  return JSON.stringify([topics, projects, statuses, keepDays]);
}
