import { randomUUID } from 'node:crypto';
import {
  type AuditRecord,
  type ConcurrencyRule,
  type ConcurrencyScope,
  type FleetChange,
  invalidOption,
  scopeText,
} from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { fleetKey, rulesChannel } from '../keys.js';
import { decodeAudit, decodeRule } from './fleet-records.js';
import { MAX_RULES, recordAudit, setRule } from './rule-scripts.js';

/** A line of the audit trail before it has its time. */
export type NewAudit = Omit<AuditRecord, 'at'>;

/** Where the rules are kept. */
export interface FleetRulesOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Told once of each thing among the rules that is none. */
  readonly report: (error: Error) => void;
}

/**
 * The rules of a fleet and its audit trail, as they lie in Redis. Every method makes one question of few commands, and rejects with the error of
 * the Redis client.
 */
export class FleetRules {
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #keys: readonly [rules: string, audit: string];
  readonly #report: (error: Error) => void;
  /** What was told to be no rule: by its field. */
  #told = new Set<string>();

  constructor({ redis, prefix, report }: FleetRulesOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#keys = [fleetKey(prefix, 'rules'), fleetKey(prefix, 'audit')];
    this.#report = report;
  }

  /** All rules. What is none is passed over. */
  async read(): Promise<readonly ConcurrencyRule[]> {
    const stored = await this.#redis.hgetall(this.#keys[0]);
    const rules: ConcurrencyRule[] = [];
    const garbage = new Set<string>();
    for (const [scope, text] of Object.entries(stored)) {
      const rule = decodeRule(text);
      // Else it could not be taken back: its field is what says which one it is.
      if (rule && scopeText(rule) === scope) rules.push(rule);
      else garbage.add(scope);
    }
    for (const scope of garbage) if (!this.#told.has(scope)) this.#report(noRule(scope));
    this.#told = garbage;
    return rules;
  }

  /** @param nonce the same for a change that is sent a second time */
  async set(rule: Wish, nonce: string): Promise<FleetChange> {
    const { concurrency, by, ...scope } = rule;
    const wanted = concurrency === undefined ? '' : String(concurrency);
    const action = concurrency === undefined ? 'concurrency.reset' : 'concurrency.set';
    const line = JSON.stringify({ nonce, action, by, ...scope, to: concurrency });
    const text = wanted === '' ? '' : JSON.stringify(rule);
    const args = [scopeText(scope), text, wanted, line, nonce, rulesChannel(this.#prefix)];
    const [done, before] = await setRule(this.#redis, this.#keys, args);
    if (done === -1)
      throw invalidOption('rules', `at most ${MAX_RULES}: reset one first`, MAX_RULES + 1);
    return { changed: done === 1, ...(before !== '' && { before: Number(before) }) };
  }

  /** @param nonce the same for a line that is sent a second time */
  async record(line: NewAudit, nonce: string): Promise<void> {
    await recordAudit(this.#redis, [this.#keys[1]], [JSON.stringify({ nonce, ...line }), nonce]);
  }

  /** The last lines of the audit trail, newest first. */
  async audit(limit: number): Promise<readonly AuditRecord[]> {
    const lines = await this.#redis.lrange(this.#keys[1], 0, limit - 1);
    return lines.flatMap((line) => decodeAudit(line) ?? []);
  }
}

/** What is wanted of a scope: of no concurrency, nothing more. */
export interface Wish extends ConcurrencyScope {
  readonly concurrency: number | undefined;
  readonly by: string;
}

/** A mark of its own for a change. */
export const newNonce = (): string => randomUUID().slice(0, 18);

function noRule(scope: string): Error {
  return new Error(`among the rules of the fleet is one that is none: ${scope.slice(0, 100)}`);
}
