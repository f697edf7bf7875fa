import type { PrefixFacts } from '@goflow/broker';
import { plural } from '../terminal/counts.js';
import { findingsOf, NOT_TOLD, type Rule, some } from './finding.js';

// What the names of keys, and a Redis Cluster, tell.

const SLOTS = 16_384;

const cluster: Rule = ({ cluster: facts, nodes }) => {
  const { ok, unknown, warning, problem } = findingsOf('cluster', 'docs/redis.md#cluster');
  if (!facts) return ok('no Redis Cluster');
  const { state, slotsOk } = facts;
  if (state === undefined || slotsOk === undefined) return unknown(NOT_TOLD);
  if (state !== 'ok' || slotsOk !== SLOTS)
    return problem(
      `cluster_state is ${state}, and ${slotsOk} of ${SLOTS} slots are served: queues in the others are refused (CLUSTERDOWN)`,
      'redis-cli --cluster check <host:port> shows what is missing; start the nodes that are down, or redis-cli --cluster fix <host:port>',
    );
  const alone = nodes.filter(({ replicas }) => replicas === 0).map(({ name }) => name);
  if (alone.length > 0)
    return warning(
      `no replica stands behind ${some(alone)}: when such a master is lost, so are its queues`,
      'redis-cli --cluster add-node <new host:port> <host:port> --cluster-slave, one for each master at least',
    );
  return ok(`${plural(nodes.length, 'master')}, all ${SLOTS} slots are served`);
};

const hashTags: Rule = ({ cluster: facts, keys }) => {
  const { ok, unknown, problem } = findingsOf('hash-tags', 'docs/redis.md#cluster');
  if (!facts) return ok('not needed: no Redis Cluster');
  if (!keys) return unknown(NOT_TOLD);
  const bare = keys.prefixes.flatMap(({ prefix, untagged }) =>
    untagged.map((name) => `${prefix}:${name}`),
  );
  if (bare.length === 0) return ok('the keys of each queue lie in one slot');
  return problem(
    `queues without a hash tag in a Cluster: ${some(bare)}. The keys of one queue lie on several nodes, and BullMQ's scripts are refused (CROSSSLOT)`,
    'who made them is a program that uses BullMQ itself: give it a prefix in braces, such as {bull}, or push through goflow, which names its queues so',
  );
};

const prefixes: Rule = ({ prefix, keys, cluster: isCluster, workers }) => {
  const { ok, unknown, warning, problem } = findingsOf('prefixes', 'docs/redis.md');
  if (!keys) return unknown(NOT_TOLD);
  const own = keys.prefixes.find((one) => one.prefix === prefix);
  const others = keys.prefixes.filter((one) => one.prefix !== prefix);
  const alike = others.filter(({ tagged }) => tagged.length > 0);
  if (!own && !workers?.length && keys.isComplete && alike.length > 0)
    return problem(
      `nothing lies under the prefix ${prefix}, but there are queues under ${some(alike.map(({ prefix: name }) => name))}`,
      `is it the wrong prefix? Try: goflow doctor --prefix ${alike[0]?.prefix}`,
    );
  // In a Cluster those without hash tags are told as such.
  const mixed = isCluster ? alike : others;
  if (mixed.length > 0)
    return warning(
      `other queues lie in this Redis, too: ${some(mixed.map(describe))}. They share its memory, its speed and its limits`,
      'give each system a Redis of its own; or, if they are meant to be one, the same prefix',
    );
  if (!isCluster && own?.untagged.length)
    return warning(
      `queues of another program lie under the prefix ${prefix}: ${some(own.untagged)}`,
      'give that program, which uses BullMQ itself, another prefix',
    );
  if (!keys.isComplete)
    return unknown(
      `no other queues among the first ${plural(keys.looked, 'key')}; the rest took too long, and queues that no worker takes from may be missing here`,
    );
  return ok(own ? `only ${prefix}` : `nothing under ${prefix} yet`);
};

const describe = ({ prefix, tagged, untagged }: PrefixFacts): string =>
  `${prefix} (${plural(tagged.length + untagged.length, 'queue')})`;

/** In the order in which they are told. */
export const KEY_RULES: readonly Rule[] = [cluster, hashTags, prefixes];
