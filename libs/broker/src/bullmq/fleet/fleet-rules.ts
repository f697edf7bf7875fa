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
import { versionText } from './rules-version.js';

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
  readonly #keys: readonly [rules: string, audit: string, version: string];
  /** Of workers that were changed by themselves: there may be many, and they are not to push out the changes of the fleet. */
  readonly #workerAudit: string;
  readonly #report: (error: Error) => void;
  /** What was told to be no rule: by its field. */
  #told = new Set<string>();
  #isTrailTold = false;

  constructor({ redis, prefix, report }: FleetRulesOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    const key = (part: 'rules' | 'audit' | 'version'): string => fleetKey(prefix, part);
    this.#keys = [key('rules'), key('audit'), key('version')];
    this.#workerAudit = fleetKey(prefix, 'audit-workers');
    this.#report = report;
  }

  /** All rules. What is none is passed over. */
  async read(): Promise<readonly ConcurrencyRule[]> {
    return (await this.readVersion()).rules;
  }

  /** All rules, and their version, which `Fleet.rulesVersion` says, too. */
  async readVersion(): Promise<{ rules: readonly ConcurrencyRule[]; version: string }> {
    const [allRules, , versions] = this.#keys;
    // In this order: a change that comes between is of a later version, and is read again.
    const count = this.#redis.get(versions).catch(() => null);
    const stored = Object.entries(await this.#redis.hgetall(allRules));
    const version = versionText(await count, stored.length);
    const rules: ConcurrencyRule[] = [];
    const garbage = new Set<string>();
    for (const [scope, text] of stored) {
      const rule = decodeRule(text);
      // Else it could not be taken back: its field is what says which one it is.
      if (rule && scopeText(rule) === scope) rules.push(rule);
      else garbage.add(scope);
    }
    for (const scope of garbage) if (!this.#told.has(scope)) this.#report(noRule(scope));
    this.#told = garbage;
    return { rules, version };
  }

  /** Their version alone, for those who ask often: two small commands. */
  async version(): Promise<string> {
    const [rules, , version] = this.#keys;
    const counted = this.#redis.get(version).catch(() => null);
    const [count, size] = await Promise.all([counted, this.#redis.hlen(rules)]);
    return versionText(count, size);
  }

  /** @param nonce the same for a change that is sent a second time */
  async set(rule: Wish, nonce: string): Promise<FleetChange> {
    const { concurrency, by, ...scope } = rule;
    const wanted = concurrency === undefined ? '' : String(concurrency);
    const action = concurrency === undefined ? 'concurrency.reset' : 'concurrency.set';
    const line = JSON.stringify({ nonce, action, by, ...scope, to: concurrency });
    const text = wanted === '' ? '' : JSON.stringify(rule);
    const args = [scopeText(scope), text, wanted, line, nonce, rulesChannel(this.#prefix)];
    const [done, before, isTrail] = await setRule(this.#redis, this.#keys, args);
    if (done === -1)
      throw invalidOption('rules', `at most ${MAX_RULES}: reset one first`, MAX_RULES + 1);
    this.#checkTrail(isTrail === 1);
    return { changed: done === 1, ...(before !== '' && { before: Number(before) }) };
  }

  /** @param nonce the same for a line that is sent a second time */
  async record(line: NewAudit, nonce: string): Promise<void> {
    const key = line.action.startsWith('worker.') ? this.#workerAudit : this.#keys[1];
    const args = [JSON.stringify({ nonce, ...line }), nonce];
    this.#checkTrail((await recordAudit(this.#redis, [key], args)) === 1);
  }

  /** The last lines of the audit trail, newest first. */
  async audit(limit: number): Promise<readonly AuditRecord[]> {
    const keys = [this.#keys[1], this.#workerAudit];
    const [changes = [], overrides = []] = await Promise.all(
      keys.map(async (key) => {
        const lines = await this.#redis.lrange(key, 0, limit - 1);
        return lines.flatMap((line) => decodeAudit(line) ?? []);
      }),
    );
    return merged(changes, overrides).slice(0, limit);
  }

  /** Tells once that there is no trail, until there is one. */
  #checkTrail(isThere: boolean): void {
    if (!isThere && !this.#isTrailTold)
      this.#report(new Error('the audit trail cannot be written: its key in Redis is no list'));
    this.#isTrailTold = !isThere;
  }
}

/** Two trails as one, the newest first. Each keeps its order: the clock of Redis may have been set back. */
function merged(
  changes: readonly AuditRecord[],
  overrides: readonly AuditRecord[],
): readonly AuditRecord[] {
  const [rest, found] = [[...overrides], [] as AuditRecord[]];
  for (const change of changes) {
    const newer = rest.findIndex(({ at }) => at < change.at);
    found.push(...rest.splice(0, newer === -1 ? rest.length : newer), change);
  }
  return [...found, ...rest];
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
