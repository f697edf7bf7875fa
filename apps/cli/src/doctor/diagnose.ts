import type { RedisFacts } from '@goflow/broker';
import type { Finding, KnownTypes, Rule } from './finding.js';
import { KEY_RULES } from './key-rules.js';
import { QUEUE_RULES } from './queue-rules.js';
import { SERVER_RULES } from './server-rules.js';
import { WORKER_RULES } from './worker-rules.js';

const RULES: readonly Rule[] = [...SERVER_RULES, ...KEY_RULES, ...WORKER_RULES, ...QUEUE_RULES];

/** What the facts say: one finding for each check, in the same order every time. Pure. */
export function diagnose(facts: RedisFacts, contracts: KnownTypes): readonly Finding[] {
  return RULES.map((rule) => rule(facts, contracts));
}
